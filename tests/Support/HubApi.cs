using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Tests.Support;

/// <summary>What most end-to-end tests do with a hub, in a line each. A refusal fails with the hub's own words.</summary>
public static class HubApi
{
    /// <summary>A well-formed test key that is nobody's.</summary>
    public static string StripeKey { get; } = "sk_" + "test_" + new string('4', 24);

    public static string StripeWebhookSecret { get; } = "whsec_" + string.Concat(Enumerable.Repeat("endpoint", 3));

    public static async Task<JsonElement> PostAsync(this HubProcess hub, string path, object body)
    {
        using var answer = await hub.Client.PostAsJsonAsync(path, body);
        return await ReadAsync(answer);
    }

    public static async Task<JsonElement> GetAsync(this HubProcess hub, string path)
    {
        using var answer = await hub.Client.GetAsync(new Uri(path, UriKind.Relative));
        return await ReadAsync(answer);
    }

    /// <summary>Asks again until the answer is as wanted: what another process does cannot be awaited. Fails with the last answer after two minutes.</summary>
    public static async Task<JsonElement> EventuallyAsync(this HubProcess hub, string path, Func<JsonElement, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var answer = await hub.GetAsync(path);
            if (wanted(answer))
                return answer;

            if (patience.IsCancellationRequested)
                throw new TimeoutException($"GET {path} did not become as wanted: {answer}");
        }
    }

    public static async Task<string> CreateConnectionAsync(this HubProcess hub, string provider, object config, string? baseUrl = null, string alias = "default", string environment = "dev")
    {
        var created = await hub.PostAsync("/api/connections", baseUrl is null
            ? new { provider, environment, alias, config }
            : new { provider, environment, alias, config, overrides = new { baseUrl } });
        return created.GetProperty("id").GetString()!;
    }

    public static Task<string> CreateStripeConnectionAsync(this HubProcess hub, string? baseUrl = null) =>
        hub.CreateConnectionAsync("stripe", new { secretKey = StripeKey, webhookSecret = StripeWebhookSecret }, baseUrl);

    /// <summary>Subscribes an endpoint; answers the subscription's id and signing secret.</summary>
    public static async Task<(string Id, string Secret)> SubscribeAsync(this HubProcess hub, string pattern, Uri url)
    {
        var created = await hub.PostAsync("/api/subscriptions", new { pattern, target = new { kind = "webhook", url } });
        return (created.GetProperty("id").GetString()!, created.GetProperty("secret").GetString()!);
    }

    /// <summary>Everything of a list, page by page.</summary>
    public static async Task<List<JsonElement>> ListAsync(this HubProcess hub, string path)
    {
        var items = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await hub.GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit=200{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);
        return items;
    }

    /// <summary>A Stripe event, as bytes.</summary>
    public static byte[] StripeEvent(string id, string type = "payment_intent.succeeded") =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new
        {
            id, @object = "event", type, created = 1_760_000_000, livemode = false, data = new { @object = new { id = "pi_" + id, @object = "payment_intent", amount = 2000, currency = "sar" } },
        }));

    /// <summary>A request signed as Stripe signs.</summary>
    public static HttpRequestMessage StripeWebhook(Uri hub, string connection, byte[] body, string? secret = null, DateTimeOffset? at = null)
    {
        var timestamp = (at ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds();
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret ?? StripeWebhookSecret), (byte[])[.. Encoding.ASCII.GetBytes($"{timestamp}."), .. body]));
        return new HttpRequestMessage(HttpMethod.Post, new Uri(hub, $"/v1/webhooks/stripe/{connection}"))
        {
            Content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } },
            Headers = { { "Stripe-Signature", $"t={timestamp},v1={signature}" } },
        };
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri}: {(int)answer.StatusCode} {text}");

        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
