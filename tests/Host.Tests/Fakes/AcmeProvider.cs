using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>A provider whose webhooks are signed over timestamp and body, as many are, and that shakes hands both ways.</summary>
internal static class AcmeProvider
{
    public const string Id = "acme";
    public const string Secret = "acme-secret-1";
    public const string SignatureHeader = "Acme-Signature";

    public static LoadedProvider Create(TimeProvider time) => Create(time, "1.0.0", new EventManifest { Id = ["/id"], Type = ["/type"], Time = ["/created"], Subject = ["/subject"] });

    /// <summary>A version that finds its events otherwise.</summary>
    public static LoadedProvider Create(TimeProvider time, string version, EventManifest found)
    {
        var webhooks = new WebhooksManifest
        {
            Verify =
            [
                new VerifyManifest
                {
                    Scheme = VerifyScheme.Hmac,
                    Secret = "{config.webhookSecret}",
                    Header = SignatureHeader,
                    Format = "t={timestamp},v1={signature}",
                    Signed = "{timestamp}.{body}",
                    Tolerance = TimeSpan.FromMinutes(5),
                },
            ],
            Challenge =
            [
                new ChallengeManifest { When = When("""{"/type":"url_verification"}"""), Respond = new RespondManifest { Body = Json("\"{/challenge}\"") } },
                new ChallengeManifest
                {
                    Method = "GET",
                    When = When("""{"query.mode":"subscribe","query.token":"{config.verifyToken}"}"""),
                    Respond = new RespondManifest { Body = Json("\"{query.challenge}\"") },
                },
            ],
            Event = found,
            Respond = new RespondManifest { Status = 202, Body = Json("""{"received":"{/id}"}""") },
        };
        return Load(Manifest(Id, webhooks, version), new WebhookReceiver(webhooks, null, time));
    }

    /// <summary>A provider that signs with the key of a certificate its requests name, and wants its page visited first.</summary>
    public static LoadedProvider WithCertificate(TimeProvider time, IWebhookFetcher fetcher)
    {
        var webhooks = new WebhooksManifest
        {
            Verify =
            [
                new VerifyManifest
                {
                    Scheme = VerifyScheme.Rsa, Header = SignatureHeader, Encoding = "base64",
                    Certificate = new CertificateManifest { Url = "{header.Acme-Cert-Url}", Hosts = ["certs.acme.example"], Names = ["signing.acme.example"], Roots = "{config.roots}" },
                },
            ],
            Challenge =
            [
                new ChallengeManifest
                {
                    When = When("""{"/type":"confirm"}"""), Visit = new VisitManifest { Url = "{/page}", Hosts = ["pages.acme.example"] }, Respond = new RespondManifest { Status = 200 },
                },
            ],
            Event = new EventManifest { Id = ["/id"], Type = ["/type"] },
        };
        return Load(Manifest("sealed", webhooks), new WebhookReceiver(webhooks, null, time, fetcher));
    }

    public static LoadedProvider WithoutWebhooks() => Load(Manifest("mute", null), null);

    public static string Sign(DateTimeOffset at, ReadOnlySpan<byte> body, string secret = Secret)
    {
        var timestamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes(timestamp + "."), .. body];
        return $"t={timestamp},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }

    private static ProviderManifest Manifest(string id, WebhooksManifest? webhooks, string version = "1.0.0") => new()
    {
        ManifestVersion = 1, Id = id, Name = id, Version = version, Category = "test", Webhooks = webhooks,
    };

    private static LoadedProvider Load(ProviderManifest manifest, WebhookReceiver? receiver) => new()
    {
        Manifest = manifest,
        ManifestJson = "{}"u8.ToArray(),
        Adapter = new NoOperations(),
        Config = SchemaValidator.Compile(Json("{}")),
        Parameters = new Dictionary<string, Lazy<SchemaValidator>>(),
        Webhooks = receiver,
        SecretFields = new HashSet<string>(),
    };

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();

    private static Dictionary<string, JsonElement> When(string text) => Json(text).EnumerateObject().ToDictionary(property => property.Name, property => property.Value);

    private sealed class NoOperations : IProviderAdapter
    {
        public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("Webhooks only.");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
