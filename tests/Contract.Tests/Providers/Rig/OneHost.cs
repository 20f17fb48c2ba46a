using IntegrationHub.Adapters;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>HTTP that sends everything to one address on loopback, whatever host it was for, without the paths by which a description's own paths begin.</summary>
internal sealed class OneHost(Uri address, IReadOnlyList<string> basePaths) : HttpMessageHandler, IProviderHttp
{
    private readonly HttpMessageInvoker inner = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private HttpClient? client;

    public HttpClient CreateClient(ConnectionContext connection) => client ??= new HttpClient(this, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        var before = basePaths.FirstOrDefault(one => path.StartsWith(one + "/", StringComparison.Ordinal)) ?? "";
        request.RequestUri = new UriBuilder(request.RequestUri) { Scheme = address.Scheme, Host = address.Host, Port = address.Port, Path = path[before.Length..] }.Uri;
        return inner.SendAsync(request, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            client?.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
