using IntegrationHub.Adapters;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Egress;

/// <summary>HTTP for one provider: the hub's pools behind the provider's allow-list.</summary>
internal sealed class ProviderHttp(NetworkManifest network, EgressHandlers handlers, AddressPolicy policy) : IProviderHttp
{
    private readonly EgressAllowList allowList = new(network);

    public HttpClient CreateClient(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new HttpClient(new AllowListHandler(allowList.For(connection), handlers, policy), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private sealed class AllowListHandler(ConnectionEgress egress, EgressHandlers handlers, AddressPolicy policy) : HttpMessageHandler
    {
        // The pools belong to the hub: these invokers only lead to them.
        private readonly HttpMessageInvoker providers = new(handlers.ForProviders, disposeHandler: false);
        private readonly HttpMessageInvoker verbatim = new(handlers.ForProvidersVerbatim, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            egress.Check(request, policy);

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
    public IProviderHttp Create(ProviderManifest manifest) => new ProviderHttp(manifest.Network, handlers, policy);
}
