using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>The parts of signed strings that few providers need.</summary>
public sealed class SignedStringTests
{
    private static readonly VerifyManifest Scheme = new() { Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "X-Signature" };

    [Theory]
    [InlineData("{/amount|decimals:2}", "{\"amount\":1}", "1.00")]
    [InlineData("{/amount|decimals:0}", "{\"amount\":2.5}", "3")]
    [InlineData("{/amount|decimals:2}", "{\"amount\":\"1.005\"}", "1.01")]
    [InlineData("{/amount|decimals:2}", "{\"amount\":\"many\"}", "many")]
    [InlineData("{/amount|decimals:2}", "{}", "")]
    [InlineData("{/amount|decimals:/currency}", "{\"amount\":20.5,\"currency\":\"KWD\"}", "20.500")]
    [InlineData("{/amount|decimals:/currency}", "{\"amount\":20.5,\"currency\":\"bhd\"}", "20.500")]
    [InlineData("{/amount|decimals:/currency}", "{\"amount\":20.5,\"currency\":\"SAR\"}", "20.50")]
    [InlineData("{/amount|decimals:/currency}", "{\"amount\":20.5,\"currency\":\"JPY\"}", "21")]
    [InlineData("{/amount|decimals:/currency}", "{\"amount\":20.5}", "20.50")]
    [InlineData("{/a|before:A=|after:;}{/b|before:B=|after:;}", "{\"b\":true}", "B=true;")]
    [InlineData("{/a|before:A=}", "{\"a\":null}", "")]
    [InlineData("{/a|before:A=}", "{\"a\":\"\"}", "A=")]
    [InlineData("{body.crc32}", "123456789", "3421780262")]
    [InlineData("{body.crc32}", "", "0")]
    public void Signed_Parts_AreWrittenAsDescribed(string signed, string body, string expected) =>
        AssertSigned(Scheme with { Signed = "{path}?" + signed }, body, "/v1/webhooks/acme/conn_1?" + expected);

    /// <summary>A signature over a constant is good for any request in which the same is missing: whoever has seen one would have them all.</summary>
    [Theory]
    [InlineData("{/id}{/amount}", "{\"other\":1}", "")]
    [InlineData("{/id}{/amount}", "not json", "")]
    [InlineData("{/id}{/amount}", "{\"id\":null,\"amount\":\"\"}", "")]
    [InlineData("x_id{/id}x_amount{/amount|decimals:2}", "{\"other\":1}", "x_idx_amount")]
    [InlineData("{/a|before:A=}", "{\"a\":\"\"}", "A=")]
    [InlineData("{header.X-Event}{query.id}{query}", "{}", "")]
    [InlineData("{method}{config.realm}{/id}", "{}", "POST")]
    [InlineData("{form.sorted}", "", "")]
    [InlineData("constant", "{}", "constant")]
    public void Signed_NothingOfTheRequestInIt_IsRefused(string signed, string body, string constant)
    {
        var request = Inbound.Request(body, headers: [("X-Signature", Inbound.Hex(Inbound.Hmac(constant)))]);

        var result = Inbound.Receiver(Scheme with { Signed = signed }).Verify(request);

        Assert.Equal(VerificationFailure.SignatureMismatch, result.Failure);
        Assert.Contains("Nothing of what is signed", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{/id}{/amount}", "{\"amount\":5}", "5")]
    [InlineData("{/id}{method}", "{\"id\":false}", "falsePOST")]
    [InlineData("{body}", "", "")] // the whole of it is signed: nothing can be added
    public void Signed_SomethingOfTheRequestInIt_IsAccepted(string signed, string body, string expected) => AssertSigned(Scheme with { Signed = signed }, body, expected);

    [Theory]
    [InlineData("{\"b\": 1.50, \"a\": [1, 2 ]}", "{\"a\":[1,2],\"b\":1.5}")]
    [InlineData("{\"\\u20ac\":\"Euro\",\"\\r\":\"CR\",\"\\ufb33\":\"Dalet\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Smiley\",\"\\u0080\":\"C\",\"\\u00f6\":\"o\"}",
        "{\"\\r\":\"CR\",\"1\":\"One\",\"\u0080\":\"C\",\"ö\":\"o\",\"€\":\"Euro\",\"😀\":\"Smiley\",\"\ufb33\":\"Dalet\"}")]
    [InlineData("[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]", "[333333333.3333333,1e+30,4.5,0.002,1e-27]")]
    [InlineData("[0, -0, -1.5, 123456789012345680000, 1e21, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, 100]",
        "[0,0,-1.5,123456789012345680000,1e+21,0.000001,1e-7,5e-324,1.7976931348623157e+308,0.1,100]")]
    [InlineData("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"", "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"")]
    [InlineData(" [ true , false , null , { } , [ ] , \"\" ] ", "[true,false,null,{},[],\"\"]")]
    public void Canonical_IsWhatRfc8785Says(string body, string expected) => AssertSigned(Scheme with { Signed = "{body.canonical}" }, body, expected);

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("\"\\ud800\"")]
    [InlineData("[1e999]")]
    [InlineData("{")]
    public void Canonical_BodyWithoutACanonicalSpelling_IsRefusedThoughNothingWasSigned(string body)
    {
        var request = Inbound.Request(body, headers: ("X-Signature", Inbound.Hex(Inbound.Hmac(""))));

        Assert.Equal(VerificationFailure.SignatureMismatch, Inbound.Receiver(Scheme with { Signed = "{body.canonical}" }).Verify(request).Failure);
    }

    [Fact]
    public void ListedHeaders_AreSignedInTheListsOrder()
    {
        var scheme = Scheme with { Signed = "{headers.X-Signed}", TimestampHeader = "X-Time", Tolerance = TimeSpan.FromMinutes(5) };
        (string, string)[] headers = [("X-B", " two "), ("X-A", "one"), ("X-Time", $"{Inbound.Unix}"), ("X-Signed", "x-b, X-A,x-absent,x-time")];
        var signature = ("X-Signature", Inbound.Hex(Inbound.Hmac($"x-b:two;x-a:one;x-time:{Inbound.Unix}")));
        var receiver = Inbound.Receiver(scheme);

        Assert.True(receiver.Verify(Inbound.Request(headers: [.. headers, signature])).Ok);
        Assert.Equal(VerificationFailure.MalformedSignature, receiver.Verify(Inbound.Request(headers: [.. headers, signature, ("X-A", "one")])).Failure);
        Assert.Equal(VerificationFailure.MalformedSignature, receiver.Verify(Inbound.Request(headers: [.. headers, signature, ("X-Signed", "x-b")])).Failure);
        Assert.Equal(VerificationFailure.MalformedSignature, receiver.Verify(Inbound.Request(headers: [.. headers[..3], signature])).Failure);
    }

    [Theory]
    [InlineData("x-b")] // the time is outside
    [InlineData("x-time,x-time")]
    public void ListedHeaders_ListThatProtectsNothing_IsRefused(string list)
    {
        var scheme = Scheme with { Signed = "{headers.X-Signed}", TimestampHeader = "X-Time", Tolerance = TimeSpan.FromMinutes(5) };
        var text = list == "x-b" ? "x-b:two" : $"x-time:{Inbound.Unix};x-time:{Inbound.Unix}";
        var request = Inbound.Request(headers: [("X-B", "two"), ("X-Time", $"{Inbound.Unix}"), ("X-Signed", list), ("X-Signature", Inbound.Hex(Inbound.Hmac(text)))]);

        Assert.Equal(VerificationFailure.MalformedSignature, Inbound.Receiver(scheme).Verify(request).Failure);
    }

    [Theory]
    [InlineData("signkey-prod-", true)]
    [InlineData("signkey-a_1-", true)]
    [InlineData("", true)]
    [InlineData("signkey--", false)]
    [InlineData("signkey-a.b-", false)]
    [InlineData("xsignkey-prod-", false)]
    public void SecretPrefix_IsLeftAwayWhereItIs(string prefix, bool left)
    {
        var key = "00" + "ff";
        var request = Inbound.Request("{}", headers: ("X-Signature", Inbound.Hex(Inbound.Hmac("{}", left ? key : prefix + key))));

        Assert.True(Inbound.Receiver(Scheme with { SecretPrefix = "signkey-*-" }).Verify(request, Inbound.Connection(new { webhookSecret = prefix + key })).Ok);
    }

    [Fact]
    public void HttpDate_IsRead()
    {
        var scheme = Scheme with { TimestampHeader = "Date", TimestampUnit = "http", Tolerance = TimeSpan.FromMinutes(5), Signed = "{timestamp}\n{body}" };
        const string date = "Thu, 01 Jan 2026 12:00:00 GMT";

        Assert.True(Inbound.Receiver(scheme).Verify(Inbound.Request("{}", headers: [("Date", date), ("X-Signature", Inbound.Hex(Inbound.Hmac(date + "\n{}")))])).Ok);
        Assert.Equal(VerificationFailure.MissingTimestamp, Inbound.Receiver(scheme).Verify(Inbound.Request("{}", headers: [("Date", "1767268800"), ("X-Signature", Inbound.Hex(Inbound.Hmac("1767268800\n{}")))])).Failure);
    }

    [Fact]
    public void Each_EveryElementMustBeSigned()
    {
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Each = "/items", Body = "/hmac", Signed = "{/id}:{/amount}" };
        var receiver = Inbound.Receiver(scheme);
        static string Item(int id, string? hmac = null) => $"{{\"id\":{id},\"amount\":5,\"hmac\":\"{hmac ?? Inbound.Hex(Inbound.Hmac($"{id}:5"))}\"}}";
        VerificationResult Verify(params string[] items) => receiver.Verify(Inbound.Request($"{{\"items\":[{string.Join(',', items)}]}}"));

        Assert.True(Verify(Item(1), Item(2)).Ok);
        Assert.Equal(VerificationFailure.SignatureMismatch, Verify(Item(1), Item(2, Inbound.Hex(Inbound.Hmac("1:5")))).Failure);
        Assert.Equal(VerificationFailure.MissingSignature, Verify(Item(1), "{\"id\":2,\"amount\":5}").Failure);
        Assert.Equal(VerificationFailure.MissingSignature, Verify(Item(1), "7").Failure);
        Assert.Equal(VerificationFailure.MissingSignature, Verify().Failure);
        Assert.Equal(VerificationFailure.MissingSignature, receiver.Verify(Inbound.Request("{\"other\":[]}")).Failure);
        Assert.Equal(VerificationFailure.MalformedSignature, receiver.Verify(Inbound.Request("{\"items\":[")).Failure);
        Assert.Equal(VerificationFailure.MalformedSignature, Verify([.. Enumerable.Repeat(Item(1), 1001)]).Failure);
    }

    [Fact]
    public void Each_SignedHere_IsAccepted()
    {
        var scheme = new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Each = "", Body = "/hmac", Signed = "{/id}" };

        var signed = new WebhookSigner(scheme).Sign(Inbound.Request("[{\"id\":1},{\"id\":2}]"), Inbound.Connection(), Inbound.Now);

        Assert.True(Inbound.Receiver(scheme).Verify(signed).Ok);
    }

    [Theory]
    [InlineData("{/a|upper}")]
    [InlineData("{/a|decimals:x}")]
    [InlineData("{/a|decimals:99}")]
    [InlineData("{/a|before:}")]
    [InlineData("{timestamp|before:x}")]
    [InlineData("{body|after:x}")]
    public void Compile_UnknownPipe_IsRefused(string signed) =>
        Assert.Throws<ArgumentException>(() => Inbound.Receiver(Scheme with { Signed = signed, TimestampHeader = "T" }));

    [Fact]
    public void Verify_ManySecretsAndThreads_NeverMixesKeys()
    {
        var receiver = Inbound.Receiver(Scheme with { Signed = "a{body}b" });
        Parallel.For(0, 4000, number =>
        {
            var secret = $"secret {number % 700}";
            var body = $"{{\"n\":{number}}}";
            var request = Inbound.Request(body, headers: ("X-Signature", Inbound.Hex(Inbound.Hmac($"a{body}b", secret))));
            Assert.True(receiver.Verify(request, Inbound.Connection(new { webhookSecret = secret })).Ok);
            Assert.False(receiver.Verify(request, Inbound.Connection(new { webhookSecret = secret + "x" })).Ok);
        });
    }

    private static void AssertSigned(VerifyManifest scheme, string body, string expected)
    {
        var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Inbound.Secret), Encoding.UTF8.GetBytes(expected));
        var request = Inbound.Request(body, headers: ("X-Signature", Inbound.Hex(hash)));
        var result = Inbound.Receiver(scheme).Verify(request);
        Assert.True(result.Ok, $"{result.Failure}: {result.Detail}");
    }
}
