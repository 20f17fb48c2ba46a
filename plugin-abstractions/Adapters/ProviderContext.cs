using IntegrationHub.Manifests;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Adapters;

/// <summary>What the host gives a plugin at start. Thread-safe.</summary>
public sealed class ProviderContext
{
    /// <summary>The validated manifest.</summary>
    public required ProviderManifest Manifest { get; init; }

    /// <summary>Loggers that carry the plugin's id. Log no configuration values: the host redacts what it knows, and no more.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>HTTP that obeys the manifest's <c>network.allow</c>.</summary>
    public required IProviderHttp Http { get; init; }
}

/// <summary>Gives plugins HTTP handlers that reach only what the manifest allows. Thread-safe.</summary>
public interface IProviderHttp
{
    /// <summary>
    /// A client for calls on behalf of one connection. It follows no redirects, keeps no cookies and has no timeout of its own (the operation's token is the timeout).
    /// Connections are pooled across clients; disposing the client is optional.
    /// </summary>
    /// <exception cref="HttpRequestException">Thrown by the client's calls, with a message that begins <c>egress denied</c>, when the host is not allowed.</exception>
    HttpClient CreateClient(ConnectionContext connection);
}
