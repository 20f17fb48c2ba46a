using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>What the signer signs, the receiver accepts, and nothing else of the request may change.</summary>
public sealed class SignerTests
{
    private const string Body = "{\"id\":\"evt_1\",\"webhookTimestamp\":1,\"meta\":{}}";

    public static TheoryData<string> Schemes() => [.. All().Keys];

    private static Dictionary<string, VerifyManifest> All()
    {
        var plain = new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "S" };
        var tolerance = TimeSpan.FromMinutes(5);
        return new()
        {
            ["plain"] = plain,
            ["timed"] = plain with { Format = "t={timestamp},v1={signature}", Signed = "{timestamp}.{body}", Tolerance = tolerance },
            ["milliseconds"] = plain with { TimestampHeader = "T", TimestampUnit = "milliseconds", Signed = "{method}{url}{body}{timestamp}", Encoding = "base64", Tolerance = tolerance },
            ["iso"] = plain with { TimestampHeader = "T", TimestampUnit = "iso", Signed = "{timestamp}{body}", Encoding = "base64url", Tolerance = tolerance },
            ["id"] = plain with { IdHeader = "I", TimestampHeader = "T", Signed = "{id}.{timestamp}.{body}", Separator = " ", Format = "v1,{signature}", Encoding = "base64", Tolerance = tolerance },
            ["time in the body"] = plain with { TimestampBody = "/webhookTimestamp", TimestampUnit = "milliseconds", Tolerance = tolerance },
            ["plain hash"] = plain with { Signed = "{secret}{method}{url}{body}" },
            ["body hash"] = plain with { Signed = "{url}", BodyHash = new Dictionary<string, string> { ["query.bodySHA256"] = "sha256-hex" } },
            ["in the query"] = plain with { Header = null, Query = "hmac", Signed = "{/id}{body}" },
            ["in the body"] = plain with { Header = null, Body = "/meta/signature", Signed = "{/id}" },
            ["token"] = new() { Scheme = VerifyScheme.Token, Secret = "{config.webhookSecret}", Header = "Authorization", Format = "Bearer {signature}" },
            ["basic"] = new() { Scheme = VerifyScheme.Basic, Username = "hub", Password = "{config.webhookSecret}" },
            ["ecdsa"] = new() { Scheme = VerifyScheme.Ecdsa, PublicKey = "{config.ecdsa}", Header = "S", Encoding = "base64" },
            ["rsa"] = new() { Scheme = VerifyScheme.Rsa, PublicKey = "{config.rsa}", Header = "S", Encoding = "base64" },
            ["none"] = new() { Scheme = VerifyScheme.None },
        };
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Sign_EveryScheme_IsAcceptedByTheReceiver(string name)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        var scheme = All()[name];
        var connection = Inbound.Connection(new { webhookSecret = Inbound.Secret, ecdsa = ecdsa.ExportSubjectPublicKeyInfoPem(), rsa = rsa.ExportSubjectPublicKeyInfoPem() });
        var privateKey = scheme.Scheme == VerifyScheme.Ecdsa ? ecdsa.ExportPkcs8PrivateKeyPem() : rsa.ExportPkcs8PrivateKeyPem();

        var signed = new WebhookSigner(scheme).Sign(Inbound.Request(Body), connection, Inbound.Now, "msg_1", privateKey);
        var receiver = Inbound.Receiver(scheme);

        Assert.True(receiver.Verify(signed, connection) is { Ok: true } result, receiver.Verify(signed, connection).ToString());
        if (scheme.Scheme is VerifyScheme.Hmac or VerifyScheme.Token or VerifyScheme.Basic)
            Assert.Equal(VerificationFailure.SignatureMismatch, receiver.Verify(signed, Inbound.Connection(new { webhookSecret = "other", rsa = "", ecdsa = "" })).Failure);
        if (scheme.Scheme is VerifyScheme.Hmac or VerifyScheme.Ecdsa or VerifyScheme.Rsa && name is not ("in the body" or "time in the body"))
            Assert.Equal(VerificationFailure.SignatureMismatch, receiver.Verify(Changed(signed), connection).Failure);
    }

    [Fact]
    public void Sign_MissingSecret_Throws() =>
        Assert.ThrowsAny<ArgumentException>(() => new WebhookSigner(All()["plain"]).Sign(Inbound.Request(Body), Inbound.Connection(new { }), Inbound.Now));

    [Theory]
    [InlineData(VerifyScheme.Custom)]
    [InlineData(VerifyScheme.Jwt)]
    [InlineData(VerifyScheme.Ed25519)]
    public void Constructor_SchemeItCannotSign_Throws(VerifyScheme scheme)
    {
        Assert.False(WebhookSigner.CanSign(new VerifyManifest { Scheme = scheme }));
        Assert.Throws<NotSupportedException>(() => new WebhookSigner(new VerifyManifest { Scheme = scheme }));
    }

    [Fact]
    public void StandardWebhooks_SpecExample_HasTheKnownSignature()
    {
        // The example that the reference libraries of Standard Webhooks share in their tests.
        const string payload = "{\"test\": 2432232314}";
        var secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

        var signature = StandardWebhooks.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", DateTimeOffset.FromUnixTimeSeconds(1614265330), Encoding.UTF8.GetBytes(payload), secret);

        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Fact]
    public void StandardWebhooks_SeveralSecrets_GiveAListThatEachVerifies()
    {
        var (first, second) = (StandardWebhooks.NewSecret(), StandardWebhooks.NewSecret());
        var headers = StandardWebhooks.Headers("evt_1", Inbound.Now, Encoding.UTF8.GetBytes(Body), first, second);
        var scheme = All()["id"] with { Header = StandardWebhooks.SignatureHeader, IdHeader = StandardWebhooks.IdHeader, TimestampHeader = StandardWebhooks.TimestampHeader, SecretEncoding = "whsec" };
        var request = Inbound.Request(Body, headers: [.. headers.Select(pair => (pair.Key, pair.Value))]);

        Assert.Equal(2, headers[StandardWebhooks.SignatureHeader].Split(' ').Length);
        Assert.True(Inbound.Receiver(scheme).Verify(request, Inbound.Connection(new { webhookSecret = first })).Ok);
        Assert.True(Inbound.Receiver(scheme).Verify(request, Inbound.Connection(new { webhookSecret = second })).Ok);
        Assert.False(Inbound.Receiver(scheme).Verify(request, Inbound.Connection(new { webhookSecret = StandardWebhooks.NewSecret() })).Ok);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    public void StandardWebhooks_HostileId_Throws(string id) =>
        Assert.ThrowsAny<ArgumentException>(() => StandardWebhooks.Sign(id, Inbound.Now, [], StandardWebhooks.NewSecret()));

    [Fact]
    public void StandardWebhooks_Secret_IsUsableAndUnique()
    {
        var secrets = Enumerable.Range(0, 100).Select(_ => StandardWebhooks.NewSecret()).ToHashSet();

        Assert.Equal(100, secrets.Count);
        Assert.All(secrets, secret => Assert.Equal(24, Convert.FromBase64String(secret["whsec_".Length..]).Length));
        Assert.ThrowsAny<ArgumentException>(() => StandardWebhooks.Sign("id", Inbound.Now, []));
        Assert.ThrowsAny<ArgumentException>(() => StandardWebhooks.Sign("id", Inbound.Now, [], "whsec_!"));
    }

    private static WebhookRequest Changed(WebhookRequest request) => new()
    {
        Method = request.Method, Url = request.Url, Path = request.Path, QueryString = request.QueryString, Headers = request.Headers,
        Body = JsonSerializer.SerializeToUtf8Bytes(new { id = "evt_2" }), ReceivedAt = request.ReceivedAt,
    };
}
