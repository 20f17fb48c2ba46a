using System.Collections.ObjectModel;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Events;

/// <summary>Makes, rotates and opens the signing secrets of subscriptions. Each subscription has a data key of its own. Thread-safe.</summary>
internal sealed class SubscriptionSecrets(ISealer sealer)
{
    private const string HeadersMember = "headers";
    private const string TargetMember = "target";

    /// <summary>A new secret, and the subscription with it as its only one.</summary>
    public (Subscription Subscription, string Secret) Create(Subscription subscription)
    {
        var secret = StandardWebhooks.NewSecret();
        var wrappedKey = sealer.NewWrappedKey(KeyContexts.Subscription(subscription.Id));
        return (subscription with { WrappedKey = wrappedKey, MasterKeyId = sealer.MasterKeyIdOf(wrappedKey), SealedSecret = Seal(subscription.Id, wrappedKey, secret) }, secret);
    }

    /// <summary>A new secret; the one before is signed with as well until the time given, and forgotten when none is.</summary>
    public (Subscription Subscription, string Secret) Rotate(Subscription subscription, DateTimeOffset? previousValidUntil)
    {
        var secret = StandardWebhooks.NewSecret();
        var rotated = subscription with
        {
            SealedSecret = Seal(subscription.Id, subscription.WrappedKey, secret),
            SealedPreviousSecret = previousValidUntil is null ? null : subscription.SealedSecret,
            PreviousSecretValidUntil = previousValidUntil,
        };
        return (rotated, secret);
    }

    /// <summary>The secrets to sign with, the current one first.</summary>
    /// <exception cref="CryptographicException">They were sealed under another master key, or altered.</exception>
    public string[] Open(Subscription subscription, DateTimeOffset now)
    {
        var current = Open(subscription, subscription.SealedSecret);
        return subscription.SealedPreviousSecret is { } previous && subscription.PreviousSecretValidUntil > now ? [current, Open(subscription, previous)] : [current];
    }

    /// <summary>The subscription with what is secret in its settings; <see langword="null"/> for nothing.</summary>
    public Subscription WithSettings(Subscription subscription, JsonElement? settings)
    {
        var bytes = settings is { } value ? JsonSerializer.SerializeToUtf8Bytes(value) : null;
        return subscription with { SealedSettings = bytes is null ? null : sealer.Seal(subscription.WrappedKey, KeyContexts.Subscription(subscription.Id), bytes, SettingsContext(subscription.Id)) };
    }

    /// <summary>What is secret in the settings; <see langword="null"/> for nothing.</summary>
    /// <exception cref="CryptographicException">They were sealed under another master key, or altered.</exception>
    public JsonElement? OpenSettings(Subscription subscription)
    {
        if (subscription.SealedSettings is not { } value)
            return null;

        var bytes = sealer.Open(subscription.WrappedKey, KeyContexts.Subscription(subscription.Id), value, SettingsContext(subscription.Id));
        return JsonSerializer.Deserialize<JsonElement>(bytes);
    }

    /// <summary>The headers to add to what is sent.</summary>
    /// <exception cref="CryptographicException">They were sealed under another master key, or altered.</exception>
    public IReadOnlyDictionary<string, string> OpenHeaders(Subscription subscription) => Member(OpenSettings(subscription), HeadersMember) is { } headers
        ? headers.EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!, StringComparer.OrdinalIgnoreCase)
        : ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The secret members of the target; <see langword="null"/> when it has none.</summary>
    /// <exception cref="CryptographicException">They were sealed under another master key, or altered.</exception>
    public JsonElement? OpenTarget(Subscription subscription) => Member(OpenSettings(subscription), TargetMember);

    /// <summary>The subscription with these as all that is secret besides the signing secret.</summary>
    public Subscription WithSettings(Subscription subscription, IReadOnlyDictionary<string, string> headers, IReadOnlyDictionary<string, JsonElement> target)
    {
        if (headers.Count == 0 && target.Count == 0)
            return WithSettings(subscription, null);

        var all = new Dictionary<string, object>();
        if (headers.Count > 0)
            all[HeadersMember] = headers;
        if (target.Count > 0)
            all[TargetMember] = target;
        return WithSettings(subscription, JsonSerializer.SerializeToElement(all));
    }

    private static JsonElement? Member(JsonElement? settings, string name) =>
        settings is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.Object ? found : null;

    private byte[] Seal(string id, byte[] wrappedKey, string secret) => sealer.Seal(wrappedKey, KeyContexts.Subscription(id), Encoding.UTF8.GetBytes(secret), SecretContext(id));

    private string Open(Subscription subscription, byte[] value) =>
        Encoding.UTF8.GetString(sealer.Open(subscription.WrappedKey, KeyContexts.Subscription(subscription.Id), value, SecretContext(subscription.Id)));

    private static string SecretContext(string id) => $"subscription:{id}:secret";

    private static string SettingsContext(string id) => $"subscription:{id}:settings";
}
