using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Contract.Tests.Webhooks;

/// <summary>One provider's verification as a manifest says it, with a sample body.</summary>
/// <param name="Provider">The name in <c>webhooks.mjs</c>.</param>
/// <param name="Verify">The manifest's <c>verify</c>.</param>
internal sealed record VendorScheme(string Provider, params VerifyManifest[] Verify)
{
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);
    private static readonly ECDsa Elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    // The first key pair of RFC 8032 §7.1: the framework makes none.
    private static readonly byte[] EdwardsSeed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc4" + "4449c5697b326919703bac031cae7f60");
    private static readonly string EdwardsPublic = "d75a980182b10ab7d54bfed3c964073a" + "0ee172f3daa62325af021a68f707511a";

    public string Body { get; init; } = "{\"id\":\"evt_1\",\"type\":\"order.created\",\"text\":\"Zoë 😀 مرحبا\",\"amount\":12.50}";

    public string Url { get; init; } = "https://hub.example/v1/webhooks/vendor/conn_1?tag=a%20b&x=1";

    public string Secret { get; init; } = "whsec_" + Convert.ToBase64String(Encoding.UTF8.GetBytes("twenty-four bytes secret"));

    /// <summary>Whether the address is signed.</summary>
    public bool SignsUrl { get; init; }

    /// <summary>Whether <see cref="WebhookSigner"/> can sign it, and the vendor's library can say so.</summary>
    public bool SignedByUs { get; init; } = true;

    /// <summary>Whether the tampered body that the tests send is within the signature.</summary>
    public string Tampered => Body.Replace("1", "2", StringComparison.Ordinal);

    public bool UsesKeyPair => Verify[0].PublicKey is not null;

    public string PrivateKey => Provider == "discord"
        ? new string(PemEncoding.Write("PRIVATE KEY", [.. Convert.FromHexString("302e020100300506032b657004220420"), .. EdwardsSeed]))
        : Elliptic.ExportPkcs8PrivateKeyPem();

    public string PublicKey => Provider == "discord" ? EdwardsPublic : Convert.ToBase64String(Elliptic.ExportSubjectPublicKeyInfo());

    public ConnectionContext Connection(bool right = true) => new()
    {
        Id = "conn_1", Project = "shop", Provider = Provider, Environment = "prod", Alias = "default",
        Config = JsonSerializer.SerializeToElement(right ? new { secret = Secret, publicKey = PublicKey } : new { secret = WrongSecret, publicKey = WrongPublicKey }),
    };

    public static IReadOnlyDictionary<string, VendorScheme> All(DateTimeOffset now) => List(now).ToDictionary(scheme => scheme.Provider);

    private string WrongSecret => Provider == "adyen" ? string.Concat(Enumerable.Repeat("cd", 32)) : "whsec_" + Convert.ToBase64String(Encoding.UTF8.GetBytes("another secret, wrong one"));

    private string WrongPublicKey
    {
        get
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return Provider == "discord" ? "3d4017c3e843895a92b70aa74d1b7ebc" + "9c982ccf2ec4968cc0cd55f12af4660c" : Convert.ToBase64String(other.ExportSubjectPublicKeyInfo());
        }
    }

    private static IEnumerable<VendorScheme> List(DateTimeOffset now)
    {
        var hmac = new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.secret}" };
        var standard = hmac with
        {
            SecretEncoding = "whsec", Format = "v1,{signature}", Separator = " ", Encoding = "base64", Signed = "{id}.{timestamp}.{body}", Tolerance = FiveMinutes,
        };
        var twilio = hmac with { Algorithm = "sha1", Encoding = "base64", Header = "X-Twilio-Signature", PortOptional = true };
        var hubspot = hmac with { Header = "X-HubSpot-Signature" };

        yield return new("stripe", hmac with { Header = "Stripe-Signature", Format = "t={timestamp},v1={signature}", Signed = "{timestamp}.{body}", Tolerance = FiveMinutes });
        yield return new("github", hmac with { Header = "X-Hub-Signature-256", Format = "sha256={signature}" });
        yield return new("twilio-form", twilio with { Signed = "{url}{form.sorted}", When = When("query.bodySHA256", "false") })
        {
            Body = "MessageSid=SM1&Body=Hello+World+%26+%D9%85%D8%B1%D8%AD%D8%A8%D8%A7&To=%2B15550100&Media=b&Media=a&Media=b&Empty=", SignsUrl = true,
        };
        yield return new(
            "twilio-json",
            twilio with { Signed = "{url}", BodyHash = new Dictionary<string, string> { ["query.bodySHA256"] = "sha256-hex" }, When = When("query.bodySHA256", "true") },
            twilio with { Signed = "{url}{form.sorted}", When = When("query.bodySHA256", "false") })
        {
            SignsUrl = true,
        };
        yield return new("svix", standard with { Header = "svix-signature", TimestampHeader = "svix-timestamp", IdHeader = "svix-id" });
        yield return new("standardwebhooks", standard with { Header = "webhook-signature", TimestampHeader = "webhook-timestamp", IdHeader = "webhook-id" });
        yield return new(
            "slack",
            hmac with { Header = "X-Slack-Signature", Format = "v0={signature}", TimestampHeader = "X-Slack-Request-Timestamp", Signed = "v0:{timestamp}:{body}", Tolerance = FiveMinutes });
        yield return new(
            "sendgrid",
            new VerifyManifest
            {
                Scheme = VerifyScheme.Ecdsa, PublicKey = "{config.publicKey}", Header = "X-Twilio-Email-Event-Webhook-Signature", Encoding = "base64",
                TimestampHeader = "X-Twilio-Email-Event-Webhook-Timestamp", Signed = "{timestamp}{body}", Tolerance = FiveMinutes,
            })
        {
            Body = "[{\"event\":\"delivered\",\"sg_event_id\":\"1\"}]\r\n",
        };
        yield return new(
            "discord",
            new VerifyManifest
            {
                Scheme = VerifyScheme.Ed25519, PublicKey = "{config.publicKey}", Header = "X-Signature-Ed25519", TimestampHeader = "X-Signature-Timestamp",
                Signed = "{timestamp}{body}", Tolerance = FiveMinutes,
            })
        {
            SignedByUs = false,
        };
        yield return new("hubspot-v1", hubspot with { Signed = "{secret}{body}", When = When("header.X-HubSpot-Signature-Version", "\"v1\"") });
        yield return new("hubspot-v2", hubspot with { Signed = "{secret}{method}{url}{body}", When = When("header.X-HubSpot-Signature-Version", "\"v2\"") }) { SignsUrl = true };
        yield return new(
            "hubspot-v3",
            hmac with
            {
                Header = "X-HubSpot-Signature-v3", Encoding = "base64", TimestampHeader = "X-HubSpot-Request-Timestamp", TimestampUnit = "milliseconds",
                Signed = "{method}{url}{body}{timestamp}", Tolerance = FiveMinutes,
            })
        {
            SignsUrl = true,
        };
        yield return new("shopify", hmac with { Header = "X-Shopify-Hmac-Sha256", Encoding = "base64" });
        yield return new("linear", hmac with { Header = "Linear-Signature", TimestampBody = "/webhookTimestamp", TimestampUnit = "milliseconds", Tolerance = TimeSpan.FromMinutes(1) })
        {
            Body = $"{{\"action\":\"create\",\"n\":1,\"webhookTimestamp\":{now.ToUnixTimeMilliseconds()}}}",
        };
        yield return new("notion", hmac with { Header = "X-Notion-Signature", Format = "sha256={signature}" });
        yield return new(
            "sanity",
            hmac with
            {
                Header = "sanity-webhook-signature", Format = "t={timestamp},v1={signature}", Encoding = "base64url", TimestampUnit = "milliseconds", Signed = "{timestamp}.{body}",
                Tolerance = FiveMinutes,
            });
        yield return new("square", hmac with { Header = "x-square-hmacsha256-signature", Encoding = "base64", Signed = "{url}{body}" }) { SignsUrl = true };
        yield return new(
            "cloudinary",
            hmac with { Algorithm = "sha1", Header = "X-Cld-Signature", TimestampHeader = "X-Cld-Timestamp", Signed = "{body}{timestamp}{secret}", Tolerance = TimeSpan.FromHours(2) });
        const string item = "/notificationItems/0/NotificationRequestItem";
        yield return new(
            "adyen",
            hmac with
            {
                SecretEncoding = "hex", Encoding = "base64", Body = item + "/additionalData/hmacSignature",
                Signed = string.Join(
                    ':',
                    new[] { "pspReference", "originalReference", "merchantAccountCode", "merchantReference", "amount/value", "amount/currency", "eventCode", "success" }
                        .Select(field => $"{{{item}/{field}}}")),
            })
        {
            Secret = string.Concat(Enumerable.Repeat("ab", 32)),
            Body = "{\"live\":\"false\",\"notificationItems\":[{\"NotificationRequestItem\":{\"additionalData\":{},\"amount\":{\"currency\":\"EUR\",\"value\":10100},"
                + "\"eventCode\":\"AUTHORISATION\",\"merchantAccountCode\":\"Shop\",\"merchantReference\":\"order-1\",\"pspReference\":\"NC6HT9CRT65ZGN82\",\"success\":\"true\"}}]}",
        };
    }

    private static Dictionary<string, JsonElement> When(string part, string json) => new() { [part] = JsonDocument.Parse(json).RootElement.Clone() };
}
