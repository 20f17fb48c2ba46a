using System.Net;

namespace IntegrationHub.Host.Egress;

/// <summary>
/// The pools. No handler follows redirects (a redirect could leave the allowed hosts), keeps cookies (they would leak between connections)
/// or uses a proxy (the proxy would resolve names unchecked).
/// </summary>
internal sealed class EgressHandlers : IEgressHandlers, IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    // Short enough to follow a provider's DNS changes.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);
    private const int MaxConnectionsPerServer = 256;

    private readonly AddressPolicy policy;
    private readonly EgressConnector.Resolve resolve;
    private readonly SocketsHttpHandler userTargets;
    private readonly SocketsHttpHandler providers;
    private readonly SocketsHttpHandler verbatim;

    public EgressHandlers(AddressPolicy policy, EgressConnector.Resolve resolve)
    {
        (this.policy, this.resolve) = (policy, resolve);
        var connector = new EgressConnector(policy, resolve);
        userTargets = Create(connector, DecompressionMethods.None);
        providers = Create(connector, DecompressionMethods.All);
        verbatim = Create(connector, DecompressionMethods.None);
    }

    public HttpMessageHandler ForUserTargets => userTargets;

    /// <summary>For calls to providers; answers are decompressed.</summary>
    public HttpMessageHandler ForProviders => providers;

    /// <summary>For calls whose sender states <c>Accept-Encoding</c> itself: answers arrive as they were sent.</summary>
    public HttpMessageHandler ForProvidersVerbatim => verbatim;

    /// <summary>The same rules with pools of their own, which open nothing until they are used.</summary>
    public EgressHandlers Apart() => new(policy, resolve);

    public void Dispose()
    {
        userTargets.Dispose();
        providers.Dispose();
        verbatim.Dispose();
    }

    private static SocketsHttpHandler Create(EgressConnector connector, DecompressionMethods decompression) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = decompression,
        PooledConnectionLifetime = ConnectionLifetime,
        ConnectTimeout = ConnectTimeout,
        MaxConnectionsPerServer = MaxConnectionsPerServer,
        EnableMultipleHttp2Connections = true,
        ConnectCallback = connector.ConnectAsync,
    };
}
