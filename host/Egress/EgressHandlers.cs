using System.Net;

namespace IntegrationHub.Host.Egress;

/// <summary>
/// The pools. No handler follows redirects (a redirect could leave the allowed hosts), keeps cookies (they would leak between connections)
/// or uses the system's proxy (it would resolve names unchecked); the operator's is asked for addresses that were checked (<see cref="EgressProxy"/>).
/// </summary>
internal sealed class EgressHandlers : IEgressHandlers, IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    // Short enough to follow a provider's DNS changes.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    // For code that nobody else counts. Calls of operations pass their connection's gate and deliveries their endpoint's: a second queue here would let one that hangs hold up another at the same address.
    private const int MaxConnectionsPerServer = 256;

    private readonly AddressPolicy policy;
    private readonly EgressConnector.Resolve resolve;
    private readonly EgressProxy? proxy;
    private readonly SocketsHttpHandler userTargets;
    private readonly SocketsHttpHandler providers;
    private readonly SocketsHttpHandler verbatim;

    public EgressHandlers(AddressPolicy policy, EgressConnector.Resolve resolve, bool limited = false, EgressProxy? proxy = null)
    {
        (this.policy, this.resolve, this.proxy) = (policy, resolve, proxy);
        var connector = new EgressConnector(policy, resolve, proxy);
        var most = limited ? MaxConnectionsPerServer : int.MaxValue;
        userTargets = Create(connector, DecompressionMethods.None, int.MaxValue);
        providers = Create(connector, DecompressionMethods.All, most);
        verbatim = Create(connector, DecompressionMethods.None, most);
    }

    public HttpMessageHandler ForUserTargets => userTargets;

    /// <summary>For calls to providers; answers are decompressed.</summary>
    public HttpMessageHandler ForProviders => providers;

    /// <summary>For calls whose sender states <c>Accept-Encoding</c> itself: answers arrive as they were sent.</summary>
    public HttpMessageHandler ForProvidersVerbatim => verbatim;

    /// <summary>The same rules with pools of their own, of a limited size, which open nothing until they are used.</summary>
    public EgressHandlers Apart() => new(policy, resolve, limited: true, proxy);

    public void Dispose()
    {
        userTargets.Dispose();
        providers.Dispose();
        verbatim.Dispose();
    }

    private static SocketsHttpHandler Create(EgressConnector connector, DecompressionMethods decompression, int most) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,

        // What the hub and its callers trace is nothing that third parties are told. The operation has a span of its own.
        ActivityHeadersPropagator = null,
        AutomaticDecompression = decompression,
        PooledConnectionLifetime = ConnectionLifetime,
        ConnectTimeout = ConnectTimeout,
        MaxConnectionsPerServer = most,
        EnableMultipleHttp2Connections = true,
        ConnectCallback = connector.ConnectAsync,
    };
}
