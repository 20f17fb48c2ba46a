using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Events;

/// <summary>Makes, rotates and opens the signing secrets of subscriptions. Each subscription has a data key of its own. Thread-safe.</summary>
internal sealed class SubscriptionSecrets(ISealer sealer)
{
    /// <summary>A new secret, and the subscription with it as its only one.</summary>
    public (Subscription Subscription, string Secret) Create(Subscription subscription)
    {
        var secret = StandardWebhooks.NewSecret();
        var wrappedKey = sealer.NewWrappedKey(KeyContexts.Subscription(subscription.Id));
        return (subscription with { WrappedKey = wrappedKey, MasterKeyId = sealer.MasterKeyIdOf(wrappedKey), SealedSecret = Seal(subscription.Id, wrappedKey, secret) }, secret);
    }

    /// <summary>A new secret; the one before is signed with as well until the time given.</summary>
    public (Subscription Subscription, string Secret) Rotate(Subscription subscription, DateTimeOffset previousValidUntil)
    {
        var secret = StandardWebhooks.NewSecret();
        var rotated = subscription with
        {
            SealedSecret = Seal(subscription.Id, subscription.WrappedKey, secret),
            SealedPreviousSecret = subscription.SealedSecret,
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

    private byte[] Seal(string id, byte[] wrappedKey, string secret) => sealer.Seal(wrappedKey, KeyContexts.Subscription(id), Encoding.UTF8.GetBytes(secret), SecretContext(id));

    private string Open(Subscription subscription, byte[] value) =>
        Encoding.UTF8.GetString(sealer.Open(subscription.WrappedKey, KeyContexts.Subscription(subscription.Id), value, SecretContext(subscription.Id)));

    private static string SecretContext(string id) => $"subscription:{id}:secret";

    private static string SettingsContext(string id) => $"subscription:{id}:settings";
}
