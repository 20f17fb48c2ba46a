using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Webhooks;

/// <summary>
/// Signs as Standard Webhooks 1.0 does (standardwebhooks.com, "Signature scheme"): HMAC-SHA256 over <c>id.timestamp.body</c>. Thread-safe.
/// </summary>
public static class StandardWebhooks
{
    /// <summary>The header with the message's id: the same for every attempt.</summary>
    public const string IdHeader = "webhook-id";

    /// <summary>The header with the attempt's time in Unix seconds.</summary>
    public const string TimestampHeader = "webhook-timestamp";

    /// <summary>The header with the signatures.</summary>
    public const string SignatureHeader = "webhook-signature";

    /// <summary>What serialised secrets begin with.</summary>
    public const string SecretPrefix = "whsec_";

    private const int SecretSize = 24;

    /// <summary>A new random secret: <c>whsec_</c> and 24 bytes in base64.</summary>
    public static string NewSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretSize));

    /// <summary>The value of <see cref="SignatureHeader"/>: <c>v1,</c> and the signature in base64, one for every secret, with spaces between.</summary>
    /// <param name="id">The message's id; without a full stop, which separates the signed parts.</param>
    /// <param name="timestamp">The attempt's time; whole seconds count.</param>
    /// <param name="body">The body, byte for byte as it is sent.</param>
    /// <param name="secrets">The secrets that are valid: one, or the new and the old one while a secret is rotated.</param>
    /// <exception cref="ArgumentException">The id is empty or has a full stop, there is no secret, or one is not base64.</exception>
    public static string Sign(string id, DateTimeOffset timestamp, ReadOnlySpan<byte> body, params ReadOnlySpan<string> secrets)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (id.Contains('.', StringComparison.Ordinal))
            throw new ArgumentException("A message id contains no full stop.", nameof(id));
        if (secrets.IsEmpty)
            throw new ArgumentException("There is no secret to sign with.", nameof(secrets));

        var buffer = new SignedBuffer(body.Length + 256);
        buffer.Append(id);
        buffer.Append("."u8);
        buffer.Append(timestamp.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        buffer.Append("."u8);
        buffer.Append(body);
        try
        {
            var value = new StringBuilder(48 * secrets.Length);
            Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
            foreach (var secret in secrets)
            {
                if (!SecretKey.TryDecode(secret, SecretEncoding.Whsec, out var key))
                    throw new ArgumentException("A secret is not base64 after 'whsec_'.", nameof(secrets));

                HMACSHA256.HashData(key, buffer.Written, signature);
                CryptographicOperations.ZeroMemory(key);
                value.Append(value.Length == 0 ? "v1," : " v1,").Append(Convert.ToBase64String(signature));
            }

            return value.ToString();
        }
        finally
        {
            buffer.Dispose();
        }
    }

    /// <summary>The three headers of a delivery.</summary>
    /// <exception cref="ArgumentException">As <see cref="Sign"/>.</exception>
    public static IReadOnlyDictionary<string, string> Headers(string id, DateTimeOffset timestamp, ReadOnlySpan<byte> body, params ReadOnlySpan<string> secrets) =>
        new Dictionary<string, string>
        {
            [IdHeader] = id,
            [TimestampHeader] = timestamp.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            [SignatureHeader] = Sign(id, timestamp, body, secrets),
        };
}
