using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>Every scheme of the documentation and of the manifests in <c>plugins/</c>, each with a reference verifier.</summary>
internal static partial class Schemes
{
    public static readonly string Secret = "whsec_" + Convert.ToBase64String("twenty-four bytes secret"u8);
    public static readonly string OldSecret = "whsec_" + Convert.ToBase64String("an older secret, rotated"u8);
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);
    private static readonly EventManifest Usual = new() { Id = ["/id"], Type = ["/type"], Time = ["/created"], Subject = ["/data/object/id"] };

    public static IReadOnlyList<Scheme> All { get; } = [.. Plugins(), .. Hmacs(), .. Keys(), .. Others(), .. Rows.All()];

    public static Scheme Find(string name) => All.FirstOrDefault(scheme => scheme.Name == name) ?? throw new ArgumentException($"There is no scheme {name}.");

    private static VerifyManifest Hmac(string header) => new() { Scheme = VerifyScheme.Hmac, Secret = "{config.secret}", Header = header };

    private static Scheme Make(string name, VerifyManifest verify, Func<WebhookRequest, string, bool> genuine, EventManifest? rules = null, Func<Dice, byte[]>? body = null) => new()
    {
        Name = name, Rules = new WebhooksManifest { Verify = [verify], Event = rules ?? Usual }, Genuine = genuine, MakeBody = body ?? Bodies.Json,
    };

    private static IEnumerable<Scheme> Plugins()
    {
        foreach (var (name, genuine, body) in new (string, Func<WebhookRequest, string, bool>, Func<Dice, byte[]>)[] { ("stripe", Stripe, Bodies.Json), ("slack", Slack, Bodies.Json) })
            yield return new Scheme { Name = $"plugin-{name}", Rules = Manifest(name), Genuine = genuine, MakeBody = body };

        var (key, privateKey) = EllipticKey();
        var (old, oldPrivate) = EllipticKey();
        yield return new Scheme
        {
            Name = "plugin-sendgrid", Rules = Manifest("sendgrid"), Genuine = (request, secret) => SendGrid(request, secret, 86400), MakeBody = Bodies.Batch,
            Secret = key, OldSecret = old, PrivateKey = privateKey, OldPrivateKey = oldPrivate,
        };
        yield return new Scheme
        {
            Name = "plugin-twilio-form", Rules = Manifest("twilio"), Genuine = Twilio, MakeBody = Bodies.Form, ContentType = "application/x-www-form-urlencoded", CoversBody = false,
            Query = "?tag=a%20b", Headers = [("I-Twilio-Idempotency-Token", "token-1")],
        };
        yield return new Scheme { Name = "plugin-twilio-json", Rules = Manifest("twilio"), Genuine = Twilio };
    }

    private static IEnumerable<Scheme> Hmacs()
    {
        yield return Make("stripe", Hmac("Stripe-Signature") with { Format = "t={timestamp},v1={signature}", Signed = "{timestamp}.{body}", Tolerance = FiveMinutes }, Stripe);
        yield return Make(
            "github",
            Hmac("X-Hub-Signature-256") with { Format = "sha256={signature}" },
            (request, secret) => Straight.All(request, "X-Hub-Signature-256").Any(value => value.StartsWith("sha256=", StringComparison.Ordinal)
                && Straight.Is(value[7..], Straight.Mac("sha256", Key(secret), request.Body.ToArray()))),
            Usual with { Type = ["{header.X-GitHub-Event}.{/action}", "{header.X-GitHub-Event}", "/type"], Id = ["{header.X-GitHub-Delivery}", "/id"] });
        yield return Make(
            "slack",
            Hmac("X-Slack-Signature") with { Format = "v0={signature}", TimestampHeader = "X-Slack-Request-Timestamp", Signed = "v0:{timestamp}:{body}", Tolerance = FiveMinutes },
            Slack);
        yield return Make(
            "standard",
            Hmac("webhook-signature") with
            {
                SecretEncoding = "whsec", Format = "v1,{signature}", Separator = " ", Encoding = "base64", TimestampHeader = "webhook-timestamp", IdHeader = "webhook-id",
                Signed = "{id}.{timestamp}.{body}", Tolerance = FiveMinutes,
            },
            (request, secret) =>
            {
                var (id, sentAt) = (Straight.Single(request, "webhook-id"), Straight.Single(request, "webhook-timestamp"));
                if (string.IsNullOrEmpty(id) || !Straight.Near(sentAt, 300))
                    return false;

                var expected = Straight.Mac("sha256", Straight.Whsec(secret), Straight.Join(id, ".", sentAt, ".", request.Body));
                return Straight.All(request, "webhook-signature").SelectMany(value => value.Split(' ')).Any(item => item.StartsWith("v1,", StringComparison.Ordinal) && Straight.Is(item[3..], expected));
            });
        yield return Make("shopify", Hmac("X-Shopify-Hmac-Sha256") with { Encoding = "base64" }, BodyMac("X-Shopify-Hmac-Sha256"), Usual with { Subject = ["{header.X-Shopify-Shop-Domain}"] });
        yield return Make(
            "hubspot-v3",
            Hmac("X-HubSpot-Signature-v3") with
            {
                Encoding = "base64", TimestampHeader = "X-HubSpot-Request-Timestamp", TimestampUnit = "milliseconds", Signed = "{method}{url}{body}{timestamp}", Tolerance = FiveMinutes,
            },
            (request, secret) => Straight.Single(request, "X-HubSpot-Request-Timestamp") is { } sentAt && Straight.Near(sentAt, 300, milliseconds: true)
                && Straight.Is(Straight.Single(request, "X-HubSpot-Signature-v3"), Straight.Mac("sha256", Key(secret), Straight.Join(request.Method, request.Url, request.Body, sentAt))));
        yield return Make(
            "linear",
            Hmac("Linear-Signature") with { TimestampBody = "/webhookTimestamp", TimestampUnit = "milliseconds", Tolerance = TimeSpan.FromMinutes(1) },
            (request, secret) => Straight.Near(Straight.Value(request, "webhookTimestamp"), 60, milliseconds: true) && BodyMac("Linear-Signature")(request, secret));
        yield return Make(
            "sanity",
            Hmac("sanity-webhook-signature") with
            {
                Format = "t={timestamp},v1={signature}", Encoding = "base64url", TimestampUnit = "milliseconds", Signed = "{timestamp}.{body}", Tolerance = FiveMinutes,
            },
            (request, secret) => Fields(request, "sanity-webhook-signature", ',', "t=", "v1=", out var times, out var signatures)
                && times.Any(time => Straight.Near(time, 300, milliseconds: true)
                    && signatures.Any(signature => Straight.Is(signature, Straight.Mac("sha256", Key(secret), Straight.Join(time, ".", request.Body))))));
        yield return Make(
            "paddle",
            Hmac("Paddle-Signature") with { Format = "ts={timestamp};h1={signature}", Signed = "{timestamp}:{body}", Tolerance = FiveMinutes },
            (request, secret) => Fields(request, "Paddle-Signature", ';', "ts=", "h1=", out var times, out var signatures)
                && times.Any(time => Straight.Near(time, 300) && signatures.Any(signature => Straight.Is(signature, Straight.Mac("sha256", Key(secret), Straight.Join(time, ":", request.Body))))));
        yield return Make(
            "cloudinary",
            Hmac("X-Cld-Signature") with { Algorithm = "sha1", TimestampHeader = "X-Cld-Timestamp", Signed = "{body}{timestamp}{secret}", Tolerance = TimeSpan.FromHours(2) },
            (request, secret) => Straight.Single(request, "X-Cld-Timestamp") is { } sentAt && Straight.Near(sentAt, 7200)
                && Straight.Is(Straight.Single(request, "X-Cld-Signature"), Straight.Hash("sha1", Straight.Join(request.Body, sentAt, secret))));
        yield return Make(
            "square",
            Hmac("x-square-hmacsha256-signature") with { Encoding = "base64", Signed = "{url}{body}" },
            (request, secret) => Straight.Is(Straight.Single(request, "x-square-hmacsha256-signature"), Straight.Mac("sha256", Key(secret), Straight.Join(request.Url, request.Body))));
        yield return Make(
            "meta",
            Hmac("X-Hub-Signature-256") with { Format = "sha256={signature}" },
            (request, secret) => Straight.Single(request, "X-Hub-Signature-256") is { } value && value.StartsWith("sha256=", StringComparison.Ordinal)
                && Straight.Is(value[7..], Straight.Mac("sha256", Key(secret), request.Body.ToArray())),
            new EventManifest { Batch = "/entry/*/changes", Id = ["/value/id"], Type = ["/field"], Time = ["/value/t"], Data = "/value" },
            Bodies.Nested);
    }

    private static bool Stripe(WebhookRequest request, string secret) =>
        Fields(request, "Stripe-Signature", ',', "t=", "v1=", out var times, out var signatures)
        && times.Any(time => Straight.Near(time, 300) && signatures.Any(signature => Straight.Is(signature, Straight.Mac("sha256", Key(secret), Straight.Join(time, ".", request.Body)))));

    private static bool Slack(WebhookRequest request, string secret) =>
        Straight.Single(request, "X-Slack-Request-Timestamp") is { } sentAt && Straight.Near(sentAt, 300)
        && Straight.Single(request, "X-Slack-Signature") is { } value && value.StartsWith("v0=", StringComparison.Ordinal)
        && Straight.Is(value[3..], Straight.Mac("sha256", Key(secret), Straight.Join("v0:", sentAt, ":", request.Body)));

    private static bool SendGrid(WebhookRequest request, string publicKey, double tolerance)
    {
        if (Straight.Single(request, "X-Twilio-Email-Event-Webhook-Timestamp") is not { } sentAt || !Straight.Near(sentAt, tolerance)
            || Straight.Single(request, "X-Twilio-Email-Event-Webhook-Signature") is not { } text || Straight.FromBase64(text) is not { } signature)
            return false;

        return VerifyElliptic(publicKey, Straight.Join(sentAt, request.Body), signature, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>Twilio's two ways: JSON with its hash in the query, or the form's names and values after the address.</summary>
    private static bool Twilio(WebhookRequest request, string secret)
    {
        var given = Straight.Single(request, "X-Twilio-Signature");
        var query = Straight.Query(request);
        var tail = "";
        if (query.Where(pair => pair.Name == "bodySHA256").ToList() is { Count: > 0 } hashes)
        {
            if (hashes.Count > 1 || !hashes[0].Value.Equals(Convert.ToHexStringLower(SHA256.HashData(request.Body.Span)), StringComparison.OrdinalIgnoreCase))
                return false;
        }
        else if (request.Body.Length > 0)
        {
            if (Straight.Single(request, "Content-Type")?.Trim().StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
                return false;

            var pairs = Straight.Pairs(request.Body.ToArray()).Distinct().ToList();
            pairs.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is var order and not 0 ? order : string.CompareOrdinal(a.Value, b.Value));
            tail = string.Concat(pairs.Select(pair => pair.Name + pair.Value));
        }

        return Straight.Spellings(request.Url).Any(url => Straight.Is(given, Straight.Mac("sha1", Key(secret), Straight.Join(url, tail))));
    }

    private static Func<WebhookRequest, string, bool> BodyMac(string header) =>
        (request, secret) => Straight.Is(Straight.Single(request, header), Straight.Mac("sha256", Key(secret), request.Body.ToArray()));

    private static bool Fields(WebhookRequest request, string header, char delimiter, string time, string signature, out List<string> times, out List<string> signatures)
    {
        var items = Straight.All(request, header).SelectMany(value => value.Split(delimiter)).Select(item => item.Trim(' ')).ToList();
        times = [.. items.Where(item => item.StartsWith(time, StringComparison.Ordinal)).Select(item => item[time.Length..])];
        signatures = [.. items.Where(item => item.StartsWith(signature, StringComparison.Ordinal)).Select(item => item[signature.Length..])];
        return times.Count > 0 && signatures.Count > 0;
    }

    private static byte[] Key(string secret) => Encoding.UTF8.GetBytes(secret);

    /// <summary>A file of the checkout that the fuzzer runs from.</summary>
    public static string Repository(params string[] parts)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "global.json")))
            folder = folder.Parent;

        return Path.Combine([folder?.FullName ?? throw new InvalidOperationException("The fuzzer runs outside of a checkout."), .. parts]);
    }

    private static WebhooksManifest Manifest(string plugin)
    {
        var file = Repository("plugins", plugin, "manifest.json");
        return ManifestReader.Read(File.ReadAllBytes(file)).Manifest?.Webhooks ?? throw new InvalidOperationException($"{file} describes no webhooks.");
    }
}
