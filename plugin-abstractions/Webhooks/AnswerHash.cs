using System.Security.Cryptography;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>The secret that a handshake's answer is computed with: that of the provider's first <c>hmac</c> scheme.</summary>
internal sealed record AnswerKey(RequestTemplate Secret, SecretEncoding Encoding, StarPattern? Prefix, HashAlgorithmName Algorithm)
{
    /// <summary>The key of the first scheme that has one.</summary>
    public static AnswerKey? Of(IEnumerable<VerifyManifest> schemes)
    {
        var scheme = schemes.FirstOrDefault(candidate => candidate is { Scheme: VerifyScheme.Hmac, Secret: not null });
        return scheme is null
            ? null
            : new AnswerKey(
                RequestTemplate.Compile(scheme.Secret!, Part.Connection, "verify.secret"), SecretKey.Encoding(scheme.SecretEncoding), SecretKey.Prefix(scheme.SecretPrefix),
                Algorithms.Hash(scheme.Algorithm));
    }
}

/// <summary>The pipe <c>hmac:hex|base64|base64url</c>, for providers that want a value back as its keyed hash (Zoom, X).</summary>
internal sealed record AnswerHash(AnswerKey Key, SignatureEncoding Encoding)
{
    public static AnswerHash Compile(string pipe, AnswerKey key, string where) =>
        pipe.StartsWith("hmac:", StringComparison.Ordinal)
            ? new AnswerHash(key, SignatureText.Encoding(pipe["hmac:".Length..]))
            : throw new ArgumentException($"{where}: the pipe '{pipe}' is unknown here; there is only hmac:hex, hmac:base64 and hmac:base64url.");

    /// <summary>The keyed hash; <see langword="null"/> when the connection has no usable secret.</summary>
    public string? Compute(string text, in PartValues values)
    {
        var secret = Key.Secret.Render(values);
        return secret is not null && SecretKey.TryDecode(SecretKey.Strip(secret, Key.Prefix), Key.Encoding, out var key)
            ? SignatureText.Encode(CryptographicOperations.HmacData(Key.Algorithm, key, System.Text.Encoding.UTF8.GetBytes(text)), Encoding)
            : null;
    }
}
