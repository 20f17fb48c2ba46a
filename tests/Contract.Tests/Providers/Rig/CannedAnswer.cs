using System.Net;
using System.Net.Http.Headers;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>HTTP that gives one answer of a manifest's simulator to whatever is asked.</summary>
internal sealed class CannedAnswer(SimulatorAnswer answer) : HttpMessageHandler, IProviderHttp
{
    private HttpClient? client;

    public HttpClient CreateClient(ConnectionContext connection) => client ??= new HttpClient(this, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status)
        {
            Content = new StringContent(answer.Body?.GetRawText() ?? "", MediaTypeHeaderValue.Parse(answer.ContentType)),
        };
        foreach (var (name, value) in answer.Headers)
            response.Headers.TryAddWithoutValidation(name, value);

        return Task.FromResult(response);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            client?.Dispose();

        base.Dispose(disposing);
    }
}
