using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>Signatures whose key is in a certificate that the request names.</summary>
public sealed class CertificateTests : IDisposable
{
    private const string Address = "https://sns.us-east-1.amazonaws.com/Service-1.pem";
    private const string Issuer = "http://issuers.example.com/middle.cer";

    private static readonly CertificateManifest Rules = new()
    {
        Url = "{header.Cert-Url}", Hosts = ["sns.*.amazonaws.com"], Path = "/*.pem", Names = ["sns.amazonaws.com"], Issuers = ["issuers.example.com"], Roots = "{config.roots}",
    };

    private static readonly VerifyManifest Scheme = new() { Scheme = VerifyScheme.Rsa, Header = "S", Encoding = "base64", Certificate = Rules };

    private readonly Authority root = new("Root", null);
    private readonly RSA key = RSA.Create(2048);
    private readonly Documents documents = new();
    private readonly Clock clock = new();

    public void Dispose()
    {
        root.Dispose();
        key.Dispose();
    }

    [Fact]
    public async Task Verify_CertificateOfTheProvider_IsFetchedOnceAndKept()
    {
        documents[Address] = Pem(root.Issue("sns.amazonaws.com", key));
        var receiver = Receiver();

        var first = await VerifyAsync(receiver, Request());
        var second = receiver.Verify(Request(), Connection()); // completes at once
        var changed = receiver.Verify(Request(body: "{ }", signed: "{}"), Connection());

        Assert.True(first.Ok, first.Detail);
        Assert.True(second.Ok, second.Detail);
        Assert.Equal(VerificationFailure.SignatureMismatch, changed.Failure);
        Assert.Equal([Address], documents.Asked);
    }

    [Fact]
    public async Task Verify_ManyAtOnce_FetchOnce()
    {
        documents[Address] = Pem(root.Issue("sns.amazonaws.com", key));
        documents.Gate = new TaskCompletionSource();
        var receiver = Receiver();

        var all = Enumerable.Range(0, 20).Select(_ => VerifyAsync(receiver, Request())).ToArray();
        documents.Gate.SetResult();

        Assert.All(await Task.WhenAll(all), result => Assert.True(result.Ok, result.Detail));
        Assert.Single(documents.Asked);
    }

    [Fact]
    public async Task Verify_CertificateCannotBeHad_IsUndecidedAndAskedForAgainLater()
    {
        var receiver = Receiver();

        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync(receiver, Request())).Failure);
        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync(receiver, Request())).Failure);
        Assert.Single(documents.Asked);

        documents[Address] = Pem(root.Issue("sns.amazonaws.com", key));
        clock.Now += TimeSpan.FromSeconds(11);
        Assert.True((await VerifyAsync(receiver, Request())).Ok);
    }

    [Fact]
    public async Task Verify_CertificateDoesNotArrive_IsUndecided()
    {
        documents.Gate = new TaskCompletionSource();
        clock.Impatient = true;

        var result = await VerifyAsync(Receiver(), Request());

        Assert.Equal(VerificationFailure.Undecided, result.Failure);
    }

    [Fact]
    public async Task Verify_FetcherThrowsOrThereIsNone_IsUndecided()
    {
        documents.Broken = true;

        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync(Receiver(), Request())).Failure);
        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync(new WebhookReceiver(new WebhooksManifest { Verify = [Scheme] }, null, clock), Request())).Failure);
    }

    [Fact]
    public async Task Verify_WhatWasFetchedIsNoCertificate_IsUndecided()
    {
        documents[Address] = "<html>Sign in to the guest network</html>"u8.ToArray();

        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync(Receiver(), Request())).Failure);
    }

    [Theory]
    [InlineData("http://sns.us-east-1.amazonaws.com/Service-1.pem")]
    [InlineData("https://sns.us-east-1.amazonaws.com.example.com/Service-1.pem")]
    [InlineData("https://example.com/sns.us-east-1.amazonaws.com/Service-1.pem")]
    [InlineData("https://sns.a.b.amazonaws.com/Service-1.pem")]
    [InlineData("https://sns.amazonaws.com/Service-1.pem")]
    [InlineData("https://xsns.us-east-1.amazonaws.com/Service-1.pem")]
    [InlineData("https://sns..amazonaws.com/Service-1.pem")]
    [InlineData("https://sns.us-east-1.amazonaws.com:8443/Service-1.pem")]
    [InlineData("https://user@sns.us-east-1.amazonaws.com/Service-1.pem")]
    [InlineData("https://example.com\\@sns.us-east-1.amazonaws.com/Service-1.pem")]
    [InlineData("https://sns.us-east-1.amazonaws.com/Service-1.pem?x=1")]
    [InlineData("https://sns.us-east-1.amazonaws.com/Service-1.pem#x")]
    [InlineData("https://sns.us-east-1.amazonaws.com/a/Service-1.pem")]
    [InlineData("https://sns.us-east-1.amazonaws.com/a%2fService-1.pem")]
    [InlineData("https://sns.us-east-1.amazonaws.com/Service-1.txt")]
    [InlineData("https://sns.us-east-1.amazonaws.com/.pem")]
    [InlineData("https://127.0.0.1/Service-1.pem")]
    [InlineData("https://[::1]/Service-1.pem")]
    [InlineData("file:///etc/Service-1.pem")]
    [InlineData("/Service-1.pem")]
    [InlineData("https://sns.us-east-1.amazonaws.com/Service-1.pem x")]
    public async Task Verify_AddressThatIsNotTheProviders_IsRefusedAndNothingFetched(string address)
    {
        documents[address] = Pem(root.Issue("sns.amazonaws.com", key));

        var result = await VerifyAsync(Receiver(), Request(address));

        Assert.Equal(VerificationFailure.MalformedSignature, result.Failure);
        Assert.Empty(documents.Asked);
    }

    [Theory]
    [InlineData(null, VerificationFailure.MissingSignature)]
    [InlineData("", VerificationFailure.MissingSignature)]
    public async Task Verify_NoAddress_IsRefused(string? address, VerificationFailure failure)
    {
        Assert.Equal(failure, (await VerifyAsync(Receiver(), Request(address))).Failure);
    }

    [Fact]
    public async Task Verify_NoOrUnreadableSignature_FetchesNothing()
    {
        documents[Address] = Pem(root.Issue("sns.amazonaws.com", key));
        var receiver = Receiver();

        Assert.Equal(VerificationFailure.MissingSignature, (await VerifyAsync(receiver, Inbound.Request(headers: [("Cert-Url", Address)]))).Failure);
        Assert.Empty(documents.Asked);
    }

    [Fact]
    public async Task Verify_CertificateWithAnotherName_IsRefused()
    {
        documents[Address] = Pem(root.Issue("sns.amazonaws.com.example.com", key));

        Assert.Equal(VerificationFailure.SignatureMismatch, (await VerifyAsync(Receiver(), Request())).Failure);
    }

    [Fact]
    public async Task Verify_CertificateOfAnotherAuthority_IsRefused()
    {
        using var other = new Authority("Root", null);
        documents[Address] = Pem(other.Issue("sns.amazonaws.com", key));

        var result = await VerifyAsync(Receiver(), Request());

        Assert.Equal(VerificationFailure.SignatureMismatch, result.Failure);
    }

    [Fact]
    public async Task Verify_SystemsRoots_DoNotTrustTheTests()
    {
        documents[Address] = Pem(root.Issue("sns.amazonaws.com", key));

        var result = await Receiver().VerifyAsync(Request(), Inbound.Connection(new { }), CancellationToken.None);

        Assert.Equal(VerificationFailure.SignatureMismatch, result.Failure);
    }

    [Theory]
    [InlineData(-20, -10)]
    [InlineData(10, 20)]
    public async Task Verify_CertificateOutOfDate_IsRefused(int from, int to)
    {
        documents[Address] = Pem(root.Issue("sns.amazonaws.com", key, from, to));

        Assert.Equal(VerificationFailure.SignatureMismatch, (await VerifyAsync(Receiver(), Request())).Failure);
    }

    [Fact]
    public async Task Verify_CertificateOfAnotherKey_IsRefused()
    {
        using var other = RSA.Create(2048);
        documents[Address] = Pem(root.Issue("sns.amazonaws.com", other));

        Assert.Equal(VerificationFailure.SignatureMismatch, (await VerifyAsync(Receiver(), Request())).Failure);
    }

    [Fact]
    public async Task Verify_ChainInTheDocument_IsAccepted()
    {
        using var middle = new Authority("Middle", root);
        documents[Address] = [.. Pem(middle.Issue("sns.amazonaws.com", key)), .. Pem(middle.Certificate)];

        var result = await VerifyAsync(Receiver(), Request());

        Assert.True(result.Ok, result.Detail);
        Assert.Single(documents.Asked);
    }

    [Fact]
    public async Task Verify_IssuerMissing_IsFetchedWhereTheManifestAllowsIt()
    {
        using var middle = new Authority("Middle", root);
        documents[Address] = Pem(middle.Issue("sns.amazonaws.com", key, issuer: Issuer));
        documents[Issuer] = middle.Certificate.RawData;

        var result = await VerifyAsync(Receiver(), Request());

        Assert.True(result.Ok, result.Detail);
        Assert.Equal([Address, Issuer], documents.Asked);
    }

    [Fact]
    public async Task Verify_IssuerCannotBeHad_IsUndecided()
    {
        using var middle = new Authority("Middle", root);
        documents[Address] = Pem(middle.Issue("sns.amazonaws.com", key, issuer: Issuer));

        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync(Receiver(), Request())).Failure);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://other.example.com/middle.cer")]
    [InlineData("ldap://issuers.example.com/x")]
    public async Task Verify_IssuerElsewhere_IsNotFetched(string address)
    {
        using var middle = new Authority("Middle", root);
        documents[Address] = Pem(middle.Issue("sns.amazonaws.com", key, issuer: address));
        documents[address] = middle.Certificate.RawData;

        Assert.Equal(VerificationFailure.SignatureMismatch, (await VerifyAsync(Receiver(), Request())).Failure);
        Assert.Equal([Address], documents.Asked);
    }

    [Fact]
    public async Task Verify_HostDownADayLater_TheCertificateCountsOnUntilItIsOutOfDate()
    {
        documents[Address] = Pem(root.Issue("sns.amazonaws.com", key, -1, 3));
        var receiver = Receiver();
        Assert.True((await VerifyAsync(receiver, Request())).Ok);

        documents.Remove(Address);
        clock.Now += TimeSpan.FromHours(25);
        Assert.True((await VerifyAsync(receiver, Request())).Ok);
        Assert.Equal(2, documents.Asked.Count);

        clock.Now += TimeSpan.FromDays(3);
        Assert.False((await VerifyAsync(receiver, Request())).Ok);
    }

    [Fact]
    public async Task Verify_MoreAddressesThanAreFetchedAtOnce_AreUndecided()
    {
        documents.Gate = new TaskCompletionSource();
        var receiver = Receiver();
        var waiting = Enumerable.Range(0, 4).Select(number => VerifyAsync(receiver, Request($"https://sns.r{number}.amazonaws.com/a.pem"))).ToArray();
        while (documents.Asked.Count < 4)
            await Task.Yield();

        var fifth = await VerifyAsync(receiver, Request());
        documents.Gate.SetResult();

        Assert.Equal(VerificationFailure.Undecided, fifth.Failure);
        Assert.DoesNotContain(Address, documents.Asked);
        Assert.All(await Task.WhenAll(waiting), result => Assert.Equal(VerificationFailure.Undecided, result.Failure));
    }

    [Fact]
    public void Compile_RulesThatWouldLetAnybodyIn_IsRefused()
    {
        foreach (var rules in new[]
        {
            Rules with { Hosts = [] }, Rules with { Names = [] }, Rules with { Hosts = ["*.com"] }, Rules with { Hosts = ["*"] }, Rules with { Hosts = ["*.*.com"] }, Rules with { Names = ["*.com"] },
            Rules with { Hosts = ["example.*"] }, Rules with { Hosts = ["exa mple.com"] }, Rules with { Hosts = ["https://example.com"] }, Rules with { Url = "{config.url}" }, Rules with { Roots = "{/roots}" },
        })
            Assert.Throws<ArgumentException>(() => Inbound.Receiver(Scheme with { Certificate = rules }));

        Assert.Throws<ArgumentException>(() => Inbound.Receiver(Scheme with { PublicKey = "{config.publicKey}" }));
        Assert.Throws<ArgumentException>(() => Inbound.Receiver(Scheme with { Scheme = VerifyScheme.Ed25519 }));
        Assert.Throws<ArgumentException>(() => Inbound.Receiver(Scheme with { Each = "/items" }));
        Assert.False(WebhookSigner.CanSign(Scheme));
    }

    private static byte[] Pem(X509Certificate2 certificate) => Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n");

    private WebhookReceiver Receiver() => new(new WebhooksManifest { Verify = [Scheme] }, null, clock, documents);

    private ConnectionContext Connection() => Inbound.Connection(new { roots = root.Certificate.ExportCertificatePem() });

    private Task<VerificationResult> VerifyAsync(WebhookReceiver receiver, WebhookRequest request) => receiver.VerifyAsync(request, Connection(), CancellationToken.None).AsTask();

    private WebhookRequest Request(string? address = Address, string body = "{}", string? signed = null)
    {
        var signature = Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(signed ?? body), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        return Inbound.Request(body, headers: address is null ? [("S", signature)] : [("S", signature), ("Cert-Url", address)]);
    }

    private sealed class Authority : IDisposable
    {
        private static int serial;

        private readonly RSA key = RSA.Create(2048);

        public Authority(string name, Authority? issuer)
        {
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
            var (from, to) = (Inbound.Now.AddDays(-100), Inbound.Now.AddDays(100));
            Certificate = issuer is null ? request.CreateSelfSigned(from, to) : request.Create(issuer.Certificate, from, to, Serial()).CopyWithPrivateKey(key);
        }

        public X509Certificate2 Certificate { get; }

        public X509Certificate2 Issue(string name, RSA subject, int from = -10, int to = 10, string? issuer = null)
        {
            var request = new CertificateRequest("CN=x", subject, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            if (issuer is not null)
                request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuer]));

            return request.Create(Certificate, Inbound.Now.AddDays(from), Inbound.Now.AddDays(to), Serial());
        }

        public void Dispose()
        {
            Certificate.Dispose();
            key.Dispose();
        }

        private static byte[] Serial() => [1, .. BitConverter.GetBytes(Interlocked.Increment(ref serial))];
    }

    private sealed class Documents : IWebhookFetcher
    {
        private readonly ConcurrentDictionary<string, byte[]> found = new();

        public ConcurrentQueue<string> Asked { get; } = new();

        public TaskCompletionSource? Gate { get; set; }

        public bool Broken { get; set; }

        public byte[] this[string address]
        {
            set => found[address] = value;
        }

        public void Remove(string address) => found.TryRemove(address, out _);

        public async ValueTask<ReadOnlyMemory<byte>?> FetchAsync(Uri address, CancellationToken cancellationToken)
        {
            Asked.Enqueue(address.AbsoluteUri);
            if (Broken)
                throw new InvalidOperationException("broken");
            if (Gate is not null)
                await Gate.Task;
            return found.TryGetValue(address.AbsoluteUri, out var bytes) ? bytes : null;
        }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Inbound.Now;

        /// <summary>Whether whoever waits has waited long enough at once.</summary>
        public bool Impatient { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Impatient && dueTime > TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : dueTime, period);
    }
}
