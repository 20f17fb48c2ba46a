using IntegrationHub.Adapters;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Egress;

/// <summary>HTTP for one provider: pools of connections behind the provider's allow-list. Thread-safe.</summary>
/// <param name="network">What the manifest allows.</param>
/// <param name="handlers">The pools.</param>
/// <param name="policy">Which addresses may be reached.</param>
/// <param name="owned">The pools again when they are the provider's alone, and go with it.</param>
internal sealed class ProviderHttp(NetworkManifest network, EgressHandlers handlers, AddressPolicy policy, IDisposable? owned = null) : IProviderHttp, IDisposable
{
    private readonly EgressAllowList allowList = new(network);

    // The pools outlive every client: these invokers only lead to them.
    private readonly HttpMessageInvoker providers = new(handlers.ForProviders, disposeHandler: false);
    private readonly HttpMessageInvoker verbatim = new(handlers.ForProvidersVerbatim, disposeHandler: false);

    public HttpClient CreateClient(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new HttpClient(new AllowListHandler(allowList.For(connection), providers, verbatim, policy), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => owned?.Dispose();

    private sealed class AllowListHandler(ConnectionEgress egress, HttpMessageInvoker providers, HttpMessageInvoker verbatim, AddressPolicy policy) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            egress.Check(request, policy);

            // SocketsHttpHandler sends a request without content up to three times more, whatever its method, when a connection closes without an answer. It must not where that could do
            // something twice; with content, be it empty, it never does. On the wire both are Content-Length: 0.
            if (request.Content is null && request.Method.Method is not ("GET" or "HEAD" or "OPTIONS" or "TRACE" or "DELETE"))
                request.Content = new ByteArrayContent([]);

            // Who states an encoding wants the bytes as they are (a stored object that happens to be gzipped).
            var invoker = request.Headers.AcceptEncoding.Count > 0 ? verbatim : providers;
            return invoker.SendAsync(request, cancellationToken);
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new NotSupportedException("Use the asynchronous methods.");
    }
}

/// <summary>Makes the HTTP of each provider.</summary>
internal sealed class ProviderHttpFactory(EgressHandlers handlers, AddressPolicy policy)
{
    /// <summary>Code that leaves answers unread or undisposed uses up the connections of a pool, so each plugin with code has pools of its own. Dispose it with the plugin.</summary>
    public ProviderHttp Create(ProviderManifest manifest)
    {
        var own = manifest.Entry is null ? null : handlers.Apart();
        return new ProviderHttp(manifest.Network, own ?? handlers, policy, own);
    }
}
