using System.Net;
using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Testing.Contracts;

namespace IntegrationHub.Testing.Tests.Contracts;

/// <summary>One request that the REST adapter made of a call.</summary>
internal sealed record RecordedCall(OperationCase Case, string Description, VendorRequest Request)
{
    public override string ToString() => $"{Case.Operation}, {Case.Name}";
}

/// <summary>Runs the calls of a provider on the REST adapter and keeps the requests. Nothing is sent.</summary>
internal sealed class Recorder : HttpMessageHandler, IProviderHttp
{
    /// <summary>A host that no vendor has; the paths are those of the descriptions without their base path.</summary>
    public const string Address = "http://127.0.0.1:21400";

    private readonly List<VendorRequest> requests = [];
    private HttpClient? client;

    public static async Task<IReadOnlyList<RecordedCall>> RunAsync(string provider)
    {
        using var recorder = new Recorder();
        var hub = await ProviderUnderTest.StartAsync(provider, http: recorder);
        var cases = ProviderCases.Load(provider);
        var calls = new List<RecordedCall>();
        foreach (var call in cases.All)
        {
            recorder.requests.Clear();
            await hub.RunAsync(Address, call.Operation, call.Parameters);
            var description = cases.Descriptions.Single(pair => pair.Value.Contains(call.Operation)).Key;
            calls.Add(new RecordedCall(call, description, Assert.Single(recorder.requests)));
        }

        return calls;
    }

    public HttpClient CreateClient(ConnectionContext connection) => client ??= new HttpClient(this, disposeHandler: false);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        requests.Add(await VendorRequest.FromAsync(request, cancellationToken));
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            client?.Dispose();

        base.Dispose(disposing);
    }
}
