using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Webhooks;

/// <summary>Webhooks that are signed with the key of a certificate, from the socket to the store.</summary>
public sealed class CertificateIngestTests : IDisposable
{
    private const string Certificate = "https://certs.acme.example/1.pem";
    private const string Page = "https://pages.acme.example/confirm?token=1";
    private const string Event = """{"id":"e_1","type":"paid"}""";

    private readonly RSA key = RSA.Create(2048);
    private readonly RSA rootKey = RSA.Create(2048);
    private readonly Vendor vendor = new();

    public void Dispose()
    {
        key.Dispose();
        rootKey.Dispose();
        vendor.Dispose();
    }

    [Fact]
    public async Task Receive_CertificateOfTheVendor_IsFetchedOnceAndTheEventStored()
    {
        await using var hub = await StartAsync();

        Assert.Equal(200, await SendAsync(hub, Event));
        Assert.Equal(200, await SendAsync(hub, Event.Replace("e_1", "e_2", StringComparison.Ordinal)));
        Assert.Equal(401, await SendAsync(hub, Event, signed: Event + " "));

        Assert.Equal(2, hub.Store.Events.Count);
        Assert.Equal([Certificate], vendor.Asked);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(302)]
    [InlineData(0)] // no answer at all
    public async Task Receive_CertificateCannotBeHad_Is503AndNothingStored(int status)
    {
        await using var hub = await StartAsync();
        vendor.Answers[Certificate] = (status, []);

        Assert.Equal(503, await SendAsync(hub, Event));

        Assert.Empty(hub.Store.Events);
        Assert.Equal([Certificate], vendor.Asked);
    }

    [Fact]
    public async Task Receive_CertificateTooLarge_Is503()
    {
        await using var hub = await StartAsync();
        vendor.Answers[Certificate] = (200, new byte[300 * 1024]);

        Assert.Equal(503, await SendAsync(hub, Event));
    }

    [Fact]
    public async Task Receive_CertificateElsewhere_Is401AndNobodyIsCalled()
    {
        await using var hub = await StartAsync();

        Assert.Equal(401, await SendAsync(hub, Event, certificate: "https://169.254.169.254/1.pem"));
        Assert.Equal(401, await SendAsync(hub, Event, certificate: "http://certs.acme.example/1.pem"));
        Assert.Empty(vendor.Asked);
    }

    [Fact]
    public async Task Receive_Confirmation_IsVisitedBeforeItIsAnswered()
    {
        await using var hub = await StartAsync();
        var confirmation = $$"""{"type":"confirm","page":"{{Page}}"}""";

        Assert.Equal(503, await SendAsync(hub, confirmation));
        vendor.Answers[Page] = (200, "<ok/>"u8.ToArray());
        Assert.Equal(200, await SendAsync(hub, confirmation));
        Assert.Equal([Certificate, Page, Page], vendor.Asked);

        // Not by somebody else, and not to anywhere else: then it is an event like others.
        Assert.Equal(401, await SendAsync(hub, confirmation, signed: "{}"));
        Assert.Equal(200, await SendAsync(hub, """{"id":"e_3","type":"confirm","page":"https://127.0.0.1/"}"""));
        Assert.Equal(3, vendor.Asked.Count);
    }

    private async Task<HubServer> StartAsync()
    {
        var hub = await HubServer.StartAsync(outgoing: vendor);
        var now = hub.Time.GetUtcNow();
        var request = new CertificateRequest("CN=Root", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var root = request.CreateSelfSigned(now.AddDays(-10), now.AddDays(10));
        var leaf = new CertificateRequest("CN=signing.acme.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var issued = leaf.Create(root, now.AddDays(-5), now.AddDays(5), [1, 2]);

        vendor.Answers[Certificate] = (200, Encoding.ASCII.GetBytes(issued.ExportCertificatePem()));
        hub.Connections.Add("conn_1", "sealed", new { roots = root.ExportCertificatePem() });
        return hub;
    }

    private async Task<int> SendAsync(HubServer hub, string body, string? signed = null, string certificate = Certificate)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/webhooks/sealed/conn_1") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add(AcmeProvider.SignatureHeader, Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(signed ?? body), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        request.Headers.Add("Acme-Cert-Url", certificate);
        using var response = await hub.Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private sealed class Vendor : HttpMessageHandler
    {
        public ConcurrentDictionary<string, (int Status, byte[] Body)> Answers { get; } = new();

        public ConcurrentQueue<string> Asked { get; } = new();

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var address = request.RequestUri!.AbsoluteUri;
            Asked.Enqueue(address);
            var (status, body) = Answers.GetValueOrDefault(address, (404, []));
            return status == 0
                ? Task.FromException<HttpResponseMessage>(new HttpRequestException("Nobody answers."))
                : Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body) });
        }
    }
}
