namespace IntegrationHub.Webhooks;

/// <summary>How a secret's text becomes key bytes.</summary>
internal enum SecretEncoding
{
    Utf8,
    Hex,
    Base64,
    Whsec,
}

/// <summary>Turns secrets into keys.</summary>
internal static class SecretKey
{
    private const string WhsecPrefix = "whsec_";

    public static SecretEncoding Encoding(string name) => name switch
    {
        "utf8" => SecretEncoding.Utf8,
        "hex" => SecretEncoding.Hex,
        "base64" => SecretEncoding.Base64,
        "whsec" => SecretEncoding.Whsec,
        _ => throw new ArgumentException($"The secret encoding '{name}' is unknown; use utf8, hex, base64 or whsec."),
    };

    /// <summary>Compiles what may stand in front of a secret.</summary>
    public static StarPattern? Prefix(string? pattern) => string.IsNullOrEmpty(pattern) ? null : new StarPattern(pattern, static c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>The secret without its prefix, where it has one.</summary>
    public static string Strip(string secret, StarPattern? prefix) => prefix?.Prefix(secret) is { } length and > 0 ? secret[length..] : secret;

    /// <summary>Decodes; an empty key is none.</summary>
    public static bool TryDecode(string secret, SecretEncoding encoding, out byte[] key)
    {
        key = [];
        try
        {
            key = encoding switch
            {
                SecretEncoding.Utf8 => System.Text.Encoding.UTF8.GetBytes(secret),
                SecretEncoding.Hex => Convert.FromHexString(secret.AsSpan().Trim()),
                SecretEncoding.Whsec when secret.StartsWith(WhsecPrefix, StringComparison.Ordinal) => Convert.FromBase64String(secret[WhsecPrefix.Length..]),
                _ => Convert.FromBase64String(secret),
            };
        }
        catch (FormatException)
        {
            return false;
        }

        return key.Length > 0;
    }
}
