using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>Signatures over the address and the sorted form, as Twilio makes them, and over a hash of the body in the query.</summary>
public sealed class FormSignatureTests
{
    private const string Url = "https://hub.example/v1/webhooks/twilio/conn_1?a=1&b=2";

    private static readonly VerifyManifest Form = new()
    {
        Scheme = VerifyScheme.Hmac, Algorithm = "sha1", Encoding = "base64", Secret = "{config.webhookSecret}", Header = "X-Twilio-Signature",
        Signed = "{url}{form.sorted}", PortOptional = true, When = new Dictionary<string, JsonElement> { ["query.bodySHA256"] = Inbound.Json("false") },
    };

    private static readonly VerifyManifest Json = Form with
    {
        Signed = "{url}", BodyHash = new Dictionary<string, string> { ["query.bodySHA256"] = "sha256-hex" }, When = new Dictionary<string, JsonElement>(),
    };

    [Theory]
    [InlineData("b=2&a=1", "a1b2")]
    [InlineData("a=1&B=2&_=3", "B2_3a1")]
    [InlineData("t=b&t=a&t=b", "tatb")]
    [InlineData("Body=Hello+World%21&Name=J%C3%BCrgen", "BodyHello World!NameJürgen")]
    [InlineData("Body=%D9%85%D8%B1%D8%AD%D8%A8%D8%A7", "Bodyمرحبا")]
    [InlineData("a=%zz&b=100%&c=%4", "a%zzb100%c%4")]
    [InlineData("a&b=&=c&&", "cab")]
    [InlineData("a=%00", "a\0")]
    [InlineData("a[b]=c=d", "a[b]c=d")]
    public void FormSorted_IsDecodedSortedAndWithoutRepetition(string form, string sorted)
    {
        Assert.Equal(VerificationFailure.None, Verify(Form, Url, form, Sign(Url + sorted)));
        Assert.Equal(VerificationFailure.SignatureMismatch, Verify(Form, Url, form + "&z=1", Sign(Url + sorted)));
    }

    [Theory]
    [InlineData("https://hub.example:443/x?a=1")]
    [InlineData("https://hub.example/x?a=1")]
    public void PortOptional_DefaultPortOrNone_IsAccepted(string signedUrl)
    {
        Assert.Equal(VerificationFailure.None, Verify(Form, "https://hub.example/x?a=1", "", Sign(signedUrl)));
        Assert.Equal(VerificationFailure.None, Verify(Form, "https://hub.example:443/x?a=1", "", Sign(signedUrl)));
    }

    [Theory]
    [InlineData("http://hub.example/x", "http://hub.example:80/x")]
    [InlineData("http://[::1]/x", "http://[::1]:80/x")]
    [InlineData("http://[::1]:80/x", "http://[::1]/x")]
    [InlineData("https://user:word@hub.example/x", "https://user:word@hub.example:443/x")]
    public void PortOptional_FindsThePort(string url, string signedUrl) => Assert.Equal(VerificationFailure.None, Verify(Form, url, "", Sign(signedUrl)));

    [Fact]
    public void PortOptional_Off_TakesTheAddressAsItIs() =>
        Assert.Equal(VerificationFailure.SignatureMismatch, Verify(Form with { PortOptional = false }, "https://hub.example/x", "", Sign("https://hub.example:443/x")));

    [Fact]
    public void BodyThatIsNoForm_IsNotCoveredByTheAddressAlone()
    {
        // A signature over the address alone, seen once on a request without a body, must not vouch for any JSON.
        Assert.Equal(VerificationFailure.None, Verify(Form, Url, "", Sign(Url)));
        Assert.Equal(VerificationFailure.SignatureMismatch, Verify(Form, Url, "{\"forged\":true}", Sign(Url), "application/json"));
    }

    [Fact]
    public void BodyHash_MustFit()
    {
        const string body = "{\"ok\":1}";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        var url = $"{Url}&bodySHA256={hash}";
        var receiver = Inbound.Receiver([Form, Json]);

        VerificationFailure Run(string content, string address) =>
            receiver.Verify(Inbound.Request(content, url: address, headers: [("X-Twilio-Signature", Sign(address)), ("Content-Type", "application/json")])).Failure;

        Assert.Equal(VerificationFailure.None, Run(body, url));
        Assert.Equal(VerificationFailure.SignatureMismatch, Run(body + " ", url));
        Assert.Equal(VerificationFailure.SignatureMismatch, Run(body, Url));
        Assert.Equal(VerificationFailure.MalformedSignature, Run(body, Url + "&bodySHA256=xyz"));
        Assert.Equal(VerificationFailure.MalformedSignature, Run(body, $"{url}&bodySHA256={hash}"));
    }

    private static string Sign(string signed) =>
        Convert.ToBase64String(CryptographicOperations.HmacData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(Inbound.Secret), Encoding.UTF8.GetBytes(signed)));

    private static VerificationFailure Verify(VerifyManifest scheme, string url, string body, string signature, string contentType = "application/x-www-form-urlencoded; charset=UTF-8") =>
        Inbound.Receiver(scheme).Verify(Inbound.Request(body, url: url, headers: [("X-Twilio-Signature", signature), ("Content-Type", contentType)])).Failure;
}
