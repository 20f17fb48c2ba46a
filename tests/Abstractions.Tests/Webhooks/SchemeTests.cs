using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>What each scheme accepts, and how it refuses. Signatures are made here with the framework alone.</summary>
public sealed class SchemeTests
{
    private const string Body = "{\"id\":\"evt_1\",\"amount\":12.50,\"ok\":true,\"none\":null,\"sig\":\"x\"}";

    private static readonly string Old = "whsec_" + "old";

    private static VerifyManifest Hmac(string signed = "{body}") => new() { Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "S", Signed = signed };

    [Theory]
    [InlineData("sha1")]
    [InlineData("sha256")]
    [InlineData("sha384")]
    [InlineData("sha512")]
    public void Hmac_EveryAlgorithmAndEncoding_IsAccepted(string algorithm)
    {
        var key = Encoding.UTF8.GetBytes(Inbound.Secret);
        var data = Encoding.UTF8.GetBytes(Body);
        var mac = algorithm switch
        {
            "sha1" => CryptographicOperations.HmacData(HashAlgorithmName.SHA1, key, data),
            "sha256" => HMACSHA256.HashData(key, data),
            "sha384" => HMACSHA384.HashData(key, data),
            _ => HMACSHA512.HashData(key, data),
        };

        foreach (var (encoding, text) in new[]
        {
            ("hex", Convert.ToHexStringLower(mac)), ("hex", Convert.ToHexString(mac)), ("base64", Convert.ToBase64String(mac)),
            ("base64url", Convert.ToBase64String(mac).TrimEnd('=').Replace('+', '-').Replace('/', '_')),
        })
        {
            var result = Inbound.Receiver(Hmac() with { Algorithm = algorithm, Encoding = encoding }).Verify(Inbound.Request(Body, headers: ("S", text)));
            Assert.True(result.Ok, $"{encoding}: {result.Detail}");
        }
    }

    [Theory]
    [InlineData("utf8", "6b6579", "6b6579")]
    [InlineData("hex", "6b6579", "key")]
    [InlineData("base64", "a2V5", "key")]
    [InlineData("whsec", "whsec_a2V5", "key")]
    [InlineData("whsec", "a2V5", "key")]
    public void Hmac_SecretEncoding_DecidesTheKey(string encoding, string secret, string key)
    {
        var receiver = Inbound.Receiver(Hmac() with { SecretEncoding = encoding });

        var result = receiver.Verify(Inbound.Request(Body, headers: ("S", Inbound.Hex(Inbound.Hmac(Body, key)))), Inbound.Connection(new { webhookSecret = secret }));

        Assert.True(result.Ok, result.Detail);
    }

    [Theory]
    [InlineData("hex", "xyz")]
    [InlineData("base64", "a")]
    [InlineData("whsec", "whsec_")]
    [InlineData("whsec", "whsec_!!")]
    public void Hmac_UnreadableSecret_IsNotConfigured(string encoding, string secret)
    {
        var receiver = Inbound.Receiver(Hmac() with { SecretEncoding = encoding });

        var result = receiver.Verify(Inbound.Request(Body, headers: ("S", new string('0', 64))), Inbound.Connection(new { webhookSecret = secret }));

        Assert.Equal(VerificationFailure.NotConfigured, result.Failure);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"webhookSecret\":\"\"}")]
    [InlineData("{\"webhookSecret\":null}")]
    public void Hmac_NoSecret_IsNotConfiguredAndNeverTheEmptyKey(string config)
    {
        var withEmptyKey = Inbound.Hex(Inbound.Hmac(Body, ""));

        var result = Inbound.Receiver(Hmac()).Verify(Inbound.Request(Body, headers: ("S", withEmptyKey)), Inbound.Connection(Inbound.Json(config)));

        Assert.Equal(VerificationFailure.NotConfigured, result.Failure);
    }

    [Fact]
    public void Hmac_PreviousSecret_IsAcceptedWhileItIsListed()
    {
        var request = Inbound.Request(Body, headers: ("S", Inbound.Hex(Inbound.Hmac(Body, Old))));

        Assert.True(Inbound.Receiver(Hmac()).Verify(request, Inbound.Connection(null, new { webhookSecret = Old })).Ok);
        Assert.True(Inbound.Receiver(Hmac()).Verify(request, Inbound.Connection(new { other = 1 }, new { }, new { webhookSecret = Old })).Ok);
        Assert.Equal(VerificationFailure.SignatureMismatch, Inbound.Receiver(Hmac()).Verify(request).Failure);
    }

    [Fact]
    public void Hmac_SeveralSignatures_OneIsEnough()
    {
        var scheme = Hmac() with { Format = "t={timestamp},v1={signature}" };
        var header = $"v1={new string('0', 64)}, t={Inbound.Unix} , v0=zz, v1={Inbound.Hex(Inbound.Hmac(Body))}";

        Assert.True(Inbound.Receiver(scheme).Verify(Inbound.Request(Body, headers: ("S", header))).Ok);
    }

    [Theory]
    [InlineData("ts={timestamp};h1={signature}", "ts={0};h1={1}")]
    [InlineData("t={timestamp}&s={signature}", "t={0}&s={1}")]
    [InlineData("keyId=\"1\",ts=\"{timestamp}\",signature=\"{signature}\"", "keyId=\"1\",ts=\"{0}\",signature=\"{1}\"")]
    [InlineData("{timestamp}:{signature}", "{0}:{1}")]
    [InlineData("v0={signature}", "v0={1}")]
    [InlineData("HMAC {signature} end", "HMAC {1} end")]
    public void Hmac_Format_IsReadBack(string format, string value)
    {
        var header = value.Replace("{0}", $"{Inbound.Unix}", StringComparison.Ordinal).Replace("{1}", Inbound.Hex(Inbound.Hmac(Body)), StringComparison.Ordinal);

        var result = Inbound.Receiver(Hmac() with { Format = format }).Verify(Inbound.Request(Body, headers: ("S", header)));

        Assert.True(result.Ok, result.Detail);
    }

    [Fact]
    public void Hmac_SignedTemplate_KnowsEveryPart()
    {
        var template = "{method} {url} {path} {query} {header.X-One}/{header.X-None} {query.a.b} {body.sha256} {config.account} {/amount}{/ok}{/none}{/missing} {{}} {body}";
        const string url = "https://hub.example/in/%2F?a.b=1%202&c=d";
        var signed = $"POST {url} /in/%2F ?a.b=1%202&c=d one/ 1 2 {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Body)))} acct 12.50true {{}} {Body}";

        var result = Inbound.Receiver(Hmac(template)).Verify(
            Inbound.Request(Body, url: url, headers: [("S", Inbound.Hex(Inbound.Hmac(signed))), ("X-One", "one")]),
            Inbound.Connection(new { webhookSecret = Inbound.Secret, account = "acct" }));

        Assert.True(result.Ok, result.Detail);
    }

    [Fact]
    public void Hmac_SignedHeaderOrParameterTwice_IsMalformed()
    {
        var signature = Inbound.Hex(Inbound.Hmac("one" + Body));

        Assert.Equal(
            VerificationFailure.MalformedSignature,
            Inbound.Receiver(Hmac("{header.X-One}{body}")).Verify(Inbound.Request(Body, headers: [("S", signature), ("X-One", "one"), ("X-One", "two")])).Failure);
        Assert.Equal(
            VerificationFailure.MalformedSignature,
            Inbound.Receiver(Hmac("{query.a}{body}")).Verify(Inbound.Request(Body, url: "https://hub.example/x?a=one&a=two", headers: ("S", signature))).Failure);
    }

    [Fact]
    public void Hmac_SecretInsideTheString_IsAPlainHash()
    {
        var hash = Inbound.Hex(SHA256.HashData(Encoding.UTF8.GetBytes(Inbound.Secret + Body)));

        Assert.True(Inbound.Receiver(Hmac("{secret}{body}")).Verify(Inbound.Request(Body, headers: ("S", hash))).Ok);
        Assert.False(Inbound.Receiver(Hmac("{secret}{body}")).Verify(Inbound.Request(Body + " ", headers: ("S", hash))).Ok);
    }

    [Fact]
    public void Hmac_SignatureInQueryOrBody_IsFound()
    {
        var signature = Inbound.Hex(Inbound.Hmac("evt_1"));
        var inQuery = Hmac("{/id}") with { Header = null, Query = "hmac" };
        var inBody = Hmac("{/id}") with { Header = null, Body = "/sig" };

        Assert.True(Inbound.Receiver(inQuery).Verify(Inbound.Request(Body, url: "https://hub.example/x?hmac=" + signature)).Ok);
        Assert.True(Inbound.Receiver(inBody).Verify(Inbound.Request(Body.Replace("\"x\"", $"\"{signature}\"", StringComparison.Ordinal))).Ok);
        Assert.Equal(VerificationFailure.MissingSignature, Inbound.Receiver(inQuery).Verify(Inbound.Request(Body)).Failure);
        Assert.Equal(VerificationFailure.MissingSignature, Inbound.Receiver(inBody).Verify(Inbound.Request("no json")).Failure);
        Assert.Equal(
            VerificationFailure.MalformedSignature,
            Inbound.Receiver(inQuery).Verify(Inbound.Request(Body, url: $"https://hub.example/x?hmac={signature}&hmac={signature}")).Failure);
    }

    [Theory]
    [InlineData("milliseconds", "1767268800000", VerificationFailure.None)]
    [InlineData("milliseconds", "1767268800", VerificationFailure.TimestampOutsideTolerance)]
    [InlineData("seconds", "1767268800000", VerificationFailure.MissingTimestamp)] // the year 57971
    [InlineData("iso", "2026-01-01T12:00:00Z", VerificationFailure.None)]
    [InlineData("iso", "2026-01-01T15:00:00.123+03:00", VerificationFailure.None)]
    [InlineData("iso", "2026-01-01T15:00:00Z", VerificationFailure.TimestampOutsideTolerance)]
    [InlineData("iso", "1767268800", VerificationFailure.MissingTimestamp)]
    [InlineData("iso", "2026-13-01T12:00:00Z", VerificationFailure.MissingTimestamp)]
    public void Hmac_TimestampUnit_IsObeyed(string unit, string timestamp, VerificationFailure expected)
    {
        var scheme = Hmac("{timestamp}{body}") with { TimestampHeader = "T", TimestampUnit = unit, Tolerance = TimeSpan.FromMinutes(1) };

        var result = Inbound.Receiver(scheme).Verify(Inbound.Request(Body, headers: [("S", Inbound.Hex(Inbound.Hmac(timestamp + Body))), ("T", timestamp)]));

        Assert.Equal(expected, result.Failure);
    }

    [Fact]
    public void When_ChoosesTheScheme()
    {
        VerifyManifest[] schemes =
        [
            Hmac() with { When = new Dictionary<string, System.Text.Json.JsonElement> { ["header.X-Version"] = Inbound.Json("\"1\"") } },
            Hmac("v2.{body}") with { When = new Dictionary<string, System.Text.Json.JsonElement> { ["header.X-Version"] = Inbound.Json("2") } },
        ];
        var signature = Inbound.Hex(Inbound.Hmac("v2." + Body));

        Assert.True(Inbound.Receiver(schemes).Verify(Inbound.Request(Body, headers: [("S", signature), ("X-Version", "2")])).Ok);
        Assert.Equal(VerificationFailure.SignatureMismatch, Inbound.Receiver(schemes).Verify(Inbound.Request(Body, headers: [("S", signature), ("X-Version", "1")])).Failure);
        Assert.Equal(VerificationFailure.MissingSignature, Inbound.Receiver(schemes).Verify(Inbound.Request(Body, headers: ("S", signature))).Failure);
    }

    [Theory]
    [InlineData("Bearer token-1", VerificationFailure.None)]
    [InlineData("bearer token-1", VerificationFailure.None)]
    [InlineData("Bearer token-0", VerificationFailure.None)]
    [InlineData("Bearer token-2", VerificationFailure.SignatureMismatch)]
    [InlineData("Bearer token-1 ", VerificationFailure.SignatureMismatch)]
    [InlineData("Bearer ", VerificationFailure.SignatureMismatch)]
    [InlineData("token-1", VerificationFailure.MalformedSignature)]
    [InlineData("", VerificationFailure.MissingSignature)]
    public void Token_InHeader_IsCompared(string header, VerificationFailure expected)
    {
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Token, Secret = "{config.token}", Header = "Authorization", Format = "Bearer {signature}" };

        var result = Inbound.Receiver(scheme).Verify(
            Inbound.Request(Body, headers: ("Authorization", header)), Inbound.Connection(new { token = "token-1" }, new { token = "token-0" }));

        Assert.Equal(expected, result.Failure);
    }

    [Fact]
    public void Token_InFormOrQuery_IsCompared()
    {
        var inForm = new VerifyManifest { Scheme = VerifyScheme.Token, Secret = "{config.token}", Body = "/token" };
        var inQuery = new VerifyManifest { Scheme = VerifyScheme.Token, Secret = "{config.token}", Query = "token" };
        var connection = Inbound.Connection(new { token = "a b+c" });

        Assert.True(Inbound.Receiver(inForm).Verify(Inbound.Request("x=1&token=a+b%2Bc", headers: ("Content-Type", "application/x-www-form-urlencoded")), connection).Ok);
        Assert.True(Inbound.Receiver(inQuery).Verify(Inbound.Request(url: "https://hub.example/x?token=a%20b%2Bc"), connection).Ok);
        Assert.Equal(VerificationFailure.NotConfigured, Inbound.Receiver(inQuery).Verify(Inbound.Request(url: "https://hub.example/x?token=")).Failure);
    }

    [Theory]
    [InlineData("Basic", "hub:pässword:1", VerificationFailure.None)]
    [InlineData("basic", "hub:pässword:1", VerificationFailure.None)]
    [InlineData("Basic", "hub:other", VerificationFailure.SignatureMismatch)]
    [InlineData("Basic", "hub", VerificationFailure.MalformedSignature)]
    [InlineData("Bearer", "hub:pässword:1", VerificationFailure.MalformedSignature)]
    public void Basic_Credentials_AreCompared(string scheme, string credentials, VerificationFailure expected)
    {
        var result = VerifyBasic($"{scheme} {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}");

        Assert.Equal(expected, result.Failure);
    }

    [Theory]
    [InlineData("", VerificationFailure.MissingSignature)]
    [InlineData("Basic", VerificationFailure.MalformedSignature)]
    [InlineData("Basic !!!", VerificationFailure.MalformedSignature)]
    [InlineData("Basic /////w==", VerificationFailure.MalformedSignature)]
    public void Basic_UnreadableHeader_IsRefused(string header, VerificationFailure expected) => Assert.Equal(expected, VerifyBasic(header).Failure);

    [Fact]
    public void Basic_NoPassword_IsNotConfigured()
    {
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Basic, Username = "{config.user}", Password = "{config.password}" };

        var result = Inbound.Receiver(scheme).Verify(Inbound.Request(headers: ("Authorization", "Basic aHViOg==")), Inbound.Connection(new { user = "hub", password = "" }));

        Assert.Equal(VerificationFailure.NotConfigured, result.Failure);
    }

    [Fact]
    public async Task Custom_Verifier_Decides()
    {
        var request = Inbound.Request(Body);
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Custom };

        var yes = await Inbound.Receiver(scheme, new PluginVerifier(() => VerificationResult.Verified)).VerifyAsync(request, Inbound.Connection(), CancellationToken.None);
        var throws = await Inbound.Receiver(scheme, new PluginVerifier(() => throw new InvalidOperationException("the key is 42")))
            .VerifyAsync(request, Inbound.Connection(), CancellationToken.None);

        Assert.True(yes.Ok);

        // Neither genuine nor forged: a refusal as forged would have the sender give up an event that may be genuine.
        Assert.False(throws.Ok);
        Assert.Equal(VerificationFailure.Undecided, throws.Failure);
        Assert.DoesNotContain("42", throws.Detail!, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_FaultyRules_SaysWhat()
    {
        VerifyManifest[] faulty =
        [
            new() { Scheme = VerifyScheme.Hmac, Header = "S" },
            new() { Scheme = VerifyScheme.Hmac, Secret = "{config.a}" },
            Hmac() with { Algorithm = "md5" },
            Hmac() with { Encoding = "base32" },
            Hmac() with { SecretEncoding = "rot13" },
            Hmac() with { Format = "t={timestamp}" },
            Hmac() with { Format = "{timestamp}{signature}" },
            Hmac() with { Signed = "{bodies}" },
            Hmac() with { Signed = "{body" },
            Hmac() with { Signed = "{id}" },
            Hmac() with { Signed = "{timestamp}" },
            Hmac() with { Secret = "{body}" },
            Hmac() with { Tolerance = TimeSpan.FromMinutes(1) },
            Hmac() with { TimestampUnit = "days", TimestampHeader = "T" },
            Hmac() with { BodyHash = new Dictionary<string, string> { ["query.h"] = "crc32" } },
            new() { Scheme = VerifyScheme.Custom },
            new() { Scheme = VerifyScheme.Rsa, Header = "S" },
        ];

        foreach (var scheme in faulty)
            Assert.NotEmpty(Assert.ThrowsAny<ArgumentException>(() => Inbound.Receiver(scheme)).Message);
        Assert.ThrowsAny<ArgumentException>(() => Inbound.Receiver([]));
    }

    private static VerificationResult VerifyBasic(string header) =>
        Inbound.Receiver(new VerifyManifest { Scheme = VerifyScheme.Basic, Username = "hub", Password = "{config.password}" })
            .Verify(Inbound.Request(Body, headers: ("Authorization", header)), Inbound.Connection(new { password = "pässword:1" }));

    private sealed class PluginVerifier(Func<VerificationResult> decide) : IWebhookVerifier
    {
        public async ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return decide();
        }
    }
}
