using System.Buffers;
using System.Buffers.Text;

namespace IntegrationHub.Webhooks;

/// <summary>How a signature's bytes are written.</summary>
internal enum SignatureEncoding
{
    Hex,
    Base64,
    Base64Url,
}

/// <summary>Reads and writes signatures as text. Strict: no white space, no foreign characters.</summary>
internal static class SignatureText
{
    public static SignatureEncoding Encoding(string name) => name switch
    {
        "hex" => SignatureEncoding.Hex,
        "base64" => SignatureEncoding.Base64,
        "base64url" => SignatureEncoding.Base64Url,
        _ => throw new ArgumentException($"The encoding '{name}' is unknown; use hex, base64 or base64url."),
    };

    public static string Encode(ReadOnlySpan<byte> bytes, SignatureEncoding encoding) => encoding switch
    {
        SignatureEncoding.Hex => Convert.ToHexStringLower(bytes),
        SignatureEncoding.Base64 => Convert.ToBase64String(bytes),
        _ => Base64Url.EncodeToString(bytes),
    };

    /// <summary>Decodes into <paramref name="destination"/>; fails when it does not fit.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, SignatureEncoding encoding, Span<byte> destination, out int written)
    {
        written = 0;
        foreach (var c in text)
        {
            if (c is <= ' ' or > '~')
                return false; // the framework's decoders skip white space
        }

        switch (encoding)
        {
            case SignatureEncoding.Hex:
                return text.Length % 2 == 0 && Convert.FromHexString(text, destination, out _, out written) == OperationStatus.Done;
            case SignatureEncoding.Base64:
                return Convert.TryFromBase64Chars(text, destination, out written);
            default:
                return Base64Url.IsValid(text, out var length) && length <= destination.Length && Base64Url.TryDecodeFromChars(text, destination, out written);
        }
    }
}
