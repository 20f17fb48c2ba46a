using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace IntegrationHub.Host.Events;

/// <summary>What sending to a subscription needs of its secrets, opened once for each version of it.</summary>
internal sealed class OpenedSubscription
{
    private readonly string[] secrets;
    private readonly string[] currentSecret;
    private readonly DateTimeOffset? previousValidUntil;

    private OpenedSubscription(Subscription subscription, SubscriptionSecrets sealedIn)
    {
        secrets = sealedIn.Open(subscription, DateTimeOffset.MinValue);
        currentSecret = [secrets[0]];
        previousValidUntil = subscription.PreviousSecretValidUntil;
        Headers = HeadersOf(sealedIn.OpenSettings(subscription));
        Uri = new Uri(subscription.Url);
    }

    public Uri Uri { get; }

    /// <summary>The headers that the subscription adds.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The secrets to sign with, the current one first.</summary>
    public ReadOnlySpan<string> SecretsAt(DateTimeOffset now) => previousValidUntil > now ? secrets : currentSecret;

    private static KeyValuePair<string, string>[] HeadersOf(JsonElement? settings) =>
        settings is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty("headers", out var headers) && headers.ValueKind == JsonValueKind.Object
            ? [.. headers.EnumerateObject().Where(static header => header.Value.ValueKind == JsonValueKind.String).Select(static header => KeyValuePair.Create(header.Name, header.Value.GetString()!))]
            : [];

    /// <summary>Keeps what was opened for as long as the registry keeps the subscription: a change makes another one, and the old one goes. Thread-safe.</summary>
    public sealed class Cache(SubscriptionSecrets sealedIn)
    {
        private readonly ConditionalWeakTable<Subscription, OpenedSubscription> opened = [];

        /// <exception cref="CryptographicException">It was sealed under another master key, or altered.</exception>
        public OpenedSubscription Of(Subscription subscription) =>
            opened.TryGetValue(subscription, out var found) ? found : opened.GetValue(subscription, made => new OpenedSubscription(made, sealedIn));
    }
}
