using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Fuzz;

/// <summary>The rows of <c>schemes.json</c>, which the contract tests prove against the vendors' own code, as targets. What they add to the schemes written here is every combination that vendors use.</summary>
internal static class Rows
{
    public const string Prefix = "row-";

    private static readonly RSA Stranger = RSA.Create(2048);
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IEnumerable<Scheme> All()
    {
        using var rows = JsonDocument.Parse(Fill(File.ReadAllText(Schemes.Repository("tests", "Contract.Tests", "Webhooks", "schemes.json"))));
        foreach (var row in rows.RootElement.EnumerateArray())
        {
            // A published request cannot be signed anew; Ed25519 and tokens are written out among the other schemes.
            var verify = Manifest(row).Verify;
            if (row.TryGetProperty("sign", out _) && verify[0].Scheme is not (VerifyScheme.Ed25519 or VerifyScheme.Jwt))
                yield return Of(row.Clone(), verify);
        }
    }

    private static Scheme Of(JsonElement row, IReadOnlyList<VerifyManifest> verify)
    {
        var name = row.GetProperty("name").GetString()!;
        var config = row.GetProperty("config").EnumerateObject().ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!);
        var secretName = config.Keys.First(key => key is "secret" or "publicKey" or "roots");
        var (secret, old) = (config[secretName], row.GetProperty("wrong").GetProperty(secretName).GetString()!);
        var (privateKey, oldPrivate) = ((string?)null, (string?)null);
        config.Remove(secretName);
        RowCertificates? certificates = null;
        if (row.TryGetProperty("certificate", out var certificate))
        {
            certificates = new RowCertificates(certificate.GetProperty("address").GetString()!, certificate.GetProperty("name").GetString()!);
            (secret, old) = (certificates.Roots, certificates.OtherRoots);
        }
        else if (verify[0].Scheme == VerifyScheme.Ecdsa)
        {
            ((secret, privateKey), (old, oldPrivate)) = (Schemes.EllipticKey(), Schemes.EllipticKey());
        }

        var reference = new RowReference(verify, config, certificates);
        var body = row.TryGetProperty("body", out var given) ? given.GetString()! : "{\"id\":\"evt_1\",\"type\":\"order.created\",\"text\":\"Zoë 😀 مرحبا\",\"amount\":12.50}";
        return new Scheme
        {
            Name = Prefix + new string([.. name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Replace("--", "-", StringComparison.Ordinal),
            Rules = new WebhooksManifest { Verify = verify, Event = new EventManifest { Id = ["/id", "/sg_event_id", "/MessageId"], Type = ["/type", "/event"] } },
            Genuine = reference.Genuine,
            MakeBody = _ => Encoding.UTF8.GetBytes(body),
            ContentType = body.StartsWith("MessageSid=", StringComparison.Ordinal) ? "application/x-www-form-urlencoded" : "application/json",
            Headers = [.. HeadersOf(verify, certificates)],
            Secret = secret, OldSecret = old, PrivateKey = privateKey, OldPrivateKey = oldPrivate,
            CoversBody = row.TryGetProperty("whole", out var whole) ? whole.GetBoolean() : verify[0].Scheme is not (VerifyScheme.Token or VerifyScheme.Basic),
            Settings = config,
            Fetcher = certificates,
            Choose = verify.Count > 1 && verify[0].BodyHash.Count == 0 ? draft => Which(reference, draft, secret) : null,
            SignBy = certificates is null ? null : (draft, _, by) => Sign(reference, certificates, draft, by),
        };
    }

    /// <summary>What the sender says besides, so that the scheme applies.</summary>
    private static IEnumerable<(string, string)> HeadersOf(IReadOnlyList<VerifyManifest> verify, RowCertificates? certificates)
    {
        foreach (var (part, value) in verify[0].When)
        {
            if (part.StartsWith("header.", StringComparison.Ordinal))
                yield return (part["header.".Length..], value.GetString()!);
        }

        if (verify[0].Certificate is { } named && named.Url.StartsWith("{header.", StringComparison.Ordinal))
            yield return (named.Url["{header.".Length..^1], certificates!.Address);
        if (verify[0].Signed.Contains("{headers.", StringComparison.Ordinal))
        {
            yield return ("X-Contentful-Topic", "ContentManagement.Entry.publish");
            yield return ("X-Contentful-Signed-Headers", "x-contentful-topic,x-contentful-signed-headers,x-contentful-timestamp");
        }
    }

    private static int Which(RowReference reference, Draft draft, string secret)
    {
        using var parts = new RowParts(draft.ToRequest());
        for (var i = 0; i < reference.Verify.Count; i++)
        {
            if (reference.Applies(reference.Verify[i], parts, secret))
                return i;
        }

        return 0;
    }

    /// <summary>Signs with the key that a certificate vouches for: nobody but the provider can, so the hub cannot either.</summary>
    private static void Sign(RowReference reference, RowCertificates certificates, Draft draft, string by)
    {
        var scheme = reference.Verify[Which(reference, draft, by)];
        var address = by == certificates.OtherRoots ? certificates.OtherAddress : certificates.Address;
        var time = Draft.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var key = by == certificates.Roots || by == certificates.OtherRoots ? certificates.KeyFor(by) : Stranger;
        var algorithm = scheme.Algorithm == "sha1" ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;
        if (scheme.Body is null)
        {
            draft.SetHeader(scheme.IdHeader!, "msg_1");
            draft.SetHeader(scheme.TimestampHeader!, time);
            draft.SetHeader(scheme.Certificate!.Url["{header.".Length..^1], address);
            draft.SetHeader(scheme.Header!, Signature("msg_1"));
            return;
        }

        // In the body: what is no object of texts has no place for it.
        JsonObject? message;
        try
        {
            message = JsonNode.Parse(draft.Body) as JsonObject;
            if (message is null)
                return;

            message["SigningCertURL"] = address;
            message["Timestamp"] = time;
            message.Remove("Signature");
            draft.Body = Encoding.UTF8.GetBytes(message.ToJsonString(Plain));
            message["Signature"] = Signature(null);
            draft.Body = Encoding.UTF8.GetBytes(message.ToJsonString(Plain));
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            // The same name twice, or half a surrogate pair.
        }

        string Signature(string? id)
        {
            using var parts = new RowParts(draft.ToRequest());
            return Convert.ToBase64String(key.SignData(reference.Signed(scheme, parts, "", by, time, id, ""), algorithm, RSASignaturePadding.Pkcs1));
        }
    }

    private static string Fill(string text)
    {
        var now = Draft.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var words = new Dictionary<string, string>
        {
            ["NOW"] = now, ["NOWMS"] = now + "000", ["NOWISO"] = Draft.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["WHSEC"] = Schemes.Secret, ["WHSEC2"] = Schemes.OldSecret, ["HEX"] = string.Concat(Enumerable.Repeat("ab", 32)), ["HEX2"] = string.Concat(Enumerable.Repeat("cd", 32)),
            ["SIGNKEY"] = "signkey-test-" + string.Concat(Enumerable.Repeat("1f", 16)), ["SIGNKEY2"] = "signkey-test-" + string.Concat(Enumerable.Repeat("2f", 16)),
        };
        return words.Aggregate(text, static (all, word) => all.Replace($"%{word.Key}%", word.Value, StringComparison.Ordinal));
    }

    private static WebhooksManifest Manifest(JsonElement row)
    {
        var fields = row.GetProperty("config").EnumerateObject().ToDictionary(field => field.Name, object (_) => new { type = "string" });
        var manifest = new
        {
            manifestVersion = 1, id = "vendor", name = "Vendor", version = "1.0.0", category = "messaging", config = new { type = "object", properties = fields },
            webhooks = new { verify = row.GetProperty("verify"), @event = new { type = "/type" } },
        };
        return ManifestReader.Read(JsonSerializer.Serialize(manifest, Plain)).Manifest?.Webhooks ?? throw new InvalidOperationException($"The manifest of {row.GetProperty("name")} is faulty.");
    }
}
