using System.Net.Http.Headers;
using Amazon.Runtime;
using IntegrationHub.Adapters;

namespace IntegrationHub.Plugins.S3;

/// <summary>Sends the SDK's requests through the hub's HTTP, so that they obey the manifest's <c>network.allow</c>.</summary>
internal sealed class HostHttp(IProviderHttp http, ConnectionContext connection) : HttpClientFactory
{
    public override HttpClient CreateHttpClient(IClientConfig clientConfig)
    {
        var client = http.CreateClient(connection);

        // Objects are handed on as they are stored, also those stored with Content-Encoding: gzip.
        client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        return client;
    }

    // The SDK would otherwise keep clients in a static cache, across connections and for ever.
    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
}
