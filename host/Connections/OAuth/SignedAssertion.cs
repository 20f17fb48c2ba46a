using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Makes the JSON Web Tokens that stand for a service account (RFC 7523 §2.1) or for the client itself (§2.2). The key lives as long as the call.</summary>
internal static class SignedAssertion
{
    /// <summary>Clocks differ: nobody refuses a token for having been made a moment ago.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    public const string GrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    public const string ClientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <param name="way">The way that signs.</param>
    /// <param name="connection">Whose key it is.</param>
    /// <param name="tokenUrl">Who it is for, when the manifest says nothing else.</param>
    /// <param name="scope">The scopes, where they go into the assertion.</param>
    /// <param name="forClient">Whether it authenticates the client: then it speaks for itself.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="OAuthException">There is no key, or it is none that fits the algorithm.</exception>
    public static string Create(OAuthWay way, ConnectionContext connection, string tokenUrl, string? scope, bool forClient, DateTimeOffset now)
    {
        var manifest = way.Manifest.Assertion!;
        var file = KeyFile.Read(way.Render(manifest.Credentials, connection));
        var issuer = way.Render(manifest.Issuer, connection) ?? file?.Email ?? way.Render(way.Manifest.ClientId, connection)
            ?? throw Misconfigured("The connection does not say who signs its assertions.");
        var key = way.Render(manifest.PrivateKey, connection) ?? file?.PrivateKey ?? throw Misconfigured("The connection has no private key to sign with.");
        var keyId = way.Render(manifest.KeyId, connection) ?? file?.KeyId;

        var header = new Dictionary<string, object> { ["alg"] = manifest.Algorithm, ["typ"] = "JWT" };
        if (keyId is not null)
            header["kid"] = keyId;

        foreach (var (name, template) in manifest.Headers)
            if (way.Render(template, connection) is { } value)
                header[name] = value;

        var issuedAt = now - Skew;
        var claims = new Dictionary<string, object>
        {
            ["iss"] = issuer,
            ["aud"] = way.Render(manifest.Audience, connection) ?? tokenUrl,
            ["iat"] = issuedAt.ToUnixTimeSeconds(),
            ["exp"] = (issuedAt + manifest.Lifetime).ToUnixTimeSeconds(),
            ["jti"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        };
        if ((way.Render(manifest.Subject, connection) ?? (forClient ? issuer : null)) is { } subject)
            claims["sub"] = subject;

        if (scope is not null)
            claims["scope"] = scope;

        foreach (var (name, template) in manifest.Claims)
            if (way.Render(template, connection) is { } value)
                claims[name] = value;

        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(Sign(manifest.Algorithm, key, Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Encode(Dictionary<string, object> value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

    private static byte[] Sign(string algorithm, string pem, byte[] data)
    {
        // Environment variables and one-line forms carry line breaks as \n.
        pem = pem.Replace("\\n", "\n", StringComparison.Ordinal);
        try
        {
            if (algorithm == "ES256")
            {
                using var ecdsa = ECDsa.Create();
                ecdsa.ImportFromPem(pem);
                return ecdsa.KeySize == 256 ? ecdsa.SignData(data, HashAlgorithmName.SHA256) : throw Misconfigured("ES256 needs a key on the curve P-256.");
            }

            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa.KeySize >= 2048
                ? rsa.SignData(data, HashAlgorithmName.SHA256, algorithm == "PS256" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1)
                : throw Misconfigured(string.Create(CultureInfo.InvariantCulture, $"The RSA key has {rsa.KeySize} bits; 2048 are the least (RFC 7518 §3.3)."));
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            // Its message may quote the key.
            throw Misconfigured($"The connection's private key is none that {algorithm} can sign with; it must be unencrypted PEM.");
        }
    }

    private static OAuthException Misconfigured(string message) => new(OAuthFaultKind.Refused, "misconfigured", message);

    private sealed record KeyFile(string? Email, string? PrivateKey, string? KeyId)
    {
        public static KeyFile? Read(string? text)
        {
            if (string.IsNullOrWhiteSpace(text))
                return null;

            try
            {
                using var document = JsonDocument.Parse(text);
                var root = document.RootElement;
                return root.ValueKind == JsonValueKind.Object ? new KeyFile(Text(root, "client_email"), Text(root, "private_key"), Text(root, "private_key_id")) : throw NoFile();
            }
            catch (JsonException)
            {
                throw NoFile();
            }
        }

        private static OAuthException NoFile() => Misconfigured("The connection's key file is not the JSON document that the provider handed out.");

        private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
