using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>Makes requests, connections and receivers for the webhook tests.</summary>
internal static class Inbound
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly string Secret = "whsec_" + "unit";

    public static long Unix => Now.ToUnixTimeSeconds();

    public static WebhookRequest Request(string body = "{}", string method = "POST", string url = "https://hub.example/v1/webhooks/acme/conn_1", params (string Name, string Value)[] headers) =>
        Request(Encoding.UTF8.GetBytes(body), method, url, headers);

    public static WebhookRequest Request(byte[] body, string method, string url, params (string Name, string Value)[] headers)
    {
        var uri = new Uri(url);
        var byName = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in headers.GroupBy(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase))
            byName[header.Key] = [.. header];

        var mark = url.IndexOf('?', StringComparison.Ordinal);
        return new WebhookRequest
        {
            Method = method, Url = url, Path = uri.AbsolutePath, QueryString = mark < 0 ? "" : url[mark..], Headers = byName, Body = body, ReceivedAt = Now,
        };
    }

    public static ConnectionContext Connection(object? config = null, params object[] previous) => new()
    {
        Id = "conn_1", Project = "shop", Provider = "acme", Environment = "prod", Alias = "default",
        Config = JsonSerializer.SerializeToElement(config ?? new { webhookSecret = Secret }),
        PreviousConfigs = [.. previous.Select(old => JsonSerializer.SerializeToElement(old))],
    };

    public static WebhookReceiver Receiver(VerifyManifest scheme, IWebhookVerifier? custom = null) => Receiver([scheme], custom);

    public static WebhookReceiver Receiver(IReadOnlyList<VerifyManifest> schemes, IWebhookVerifier? custom = null) =>
        new(new WebhooksManifest { Verify = schemes }, custom, new FixedTime(Now));

    public static WebhookReceiver Reader(EventManifest rules) =>
        new(new WebhooksManifest { Verify = [new VerifyManifest { Scheme = VerifyScheme.None }], Event = rules }, null, new FixedTime(Now));

    public static WebhookReceiver Answerer(params ChallengeManifest[] challenges) =>
        new(
            new WebhooksManifest
            {
                Verify = [new VerifyManifest { Scheme = VerifyScheme.Hmac, Secret = "{config.webhookSecret}", Header = "X-Signature" }], Challenge = challenges,
            },
            null,
            new FixedTime(Now));

    /// <summary>Verifies; the call must complete without waiting, as the host's hot path relies on it.</summary>
    public static VerificationResult Verify(this WebhookReceiver receiver, WebhookRequest request, ConnectionContext? connection = null)
    {
        var verification = receiver.VerifyAsync(request, connection ?? Connection(), CancellationToken.None).AsTask();
        Assert.True(verification.IsCompleted);
        return verification.GetAwaiter().GetResult();
    }

    public static byte[] Hmac(string signed, string? secret = null) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret ?? Secret), Encoding.UTF8.GetBytes(signed));

    public static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    public static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement.Clone();
}

internal sealed class FixedTime(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
