using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Secrets;

/// <summary>AES-256-GCM in the layout of <see cref="ISealer"/>: version (1), nonce (12), tag (16), ciphertext.</summary>
internal static class Aead
{
    public const int NonceSize = 12;
    public const int TagSize = 16;
    private const byte Version = 1;
    private const int HeaderSize = 1 + NonceSize + TagSize;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plaintext, string context)
    {
        var result = new byte[HeaderSize + plaintext.Length];
        result[0] = Version;
        var nonce = result.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plaintext, result.AsSpan(HeaderSize), result.AsSpan(1 + NonceSize, TagSize), AdditionalData(context));
        return result;
    }

    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, string context)
    {
        if (value.Length < HeaderSize || value[0] != Version)
            throw new CryptographicException("The value is not sealed in a layout this version knows.");

        var plaintext = new byte[value.Length - HeaderSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(value.Slice(1, NonceSize), value[HeaderSize..], value.Slice(1 + NonceSize, TagSize), plaintext, AdditionalData(context));
        return plaintext;
    }

    // The version is bound too: a later layout cannot be passed off as this one.
    private static byte[] AdditionalData(string context)
    {
        var data = new byte[1 + Encoding.UTF8.GetByteCount(context)];
        data[0] = Version;
        Encoding.UTF8.GetBytes(context, data.AsSpan(1));
        return data;
    }
}
