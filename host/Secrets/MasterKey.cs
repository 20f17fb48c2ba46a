using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Secrets;

/// <summary>A key that wraps data keys. Where it is kept is the business of its <see cref="IMasterKeySource"/>. Thread-safe.</summary>
internal sealed class MasterKey
{
    public const int Size = 32;

    /// <summary>Bytes of the id; the id is their hex form.</summary>
    public const int IdSize = 8;

    private readonly byte[] wrapping;
    private readonly byte[] idBytes;
    private volatile bool forgotten;

    /// <summary>Takes the key over: what was given is cleared.</summary>
    public MasterKey(byte[] key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Size, nameof(key));
        wrapping = Derive(key, "integration-hub/wrap");
        idBytes = Derive(key, "integration-hub/id")[..IdSize];
        Id = Convert.ToHexStringLower(idBytes);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>Derived, so that it tells nothing about the key.</summary>
    public string Id { get; }

    public ReadOnlySpan<byte> IdBytes => idBytes;

    /// <summary>Whether the key's bytes have been cleared.</summary>
    public bool IsForgotten => forgotten;

    /// <summary>Reads a key as operators write it: 32 bytes in base64, in ASCII.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">Where it stands, for the message.</param>
    /// <exception cref="MasterKeyException">The text is no key.</exception>
    public static MasterKey Parse(ReadOnlySpan<byte> text, string source)
    {
        var trimmed = text.Trim(" \t\r\n"u8);
        if (!Base64.IsValid(trimmed, out var length))
            throw new MasterKeyException($"{source} is not base64. It must be {Size} bytes in base64; make one with: openssl rand -base64 {Size}");

        // Room for the padding, which is decoded before it is cut off.
        var decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(trimmed.Length)];
        try
        {
            if (length != Size || Base64.DecodeFromUtf8(trimmed, decoded, out _, out var written) != System.Buffers.OperationStatus.Done || written != Size)
                throw new MasterKeyException($"{source} holds {length} bytes. It must be {Size} bytes in base64; make one with: openssl rand -base64 {Size}");

            return new MasterKey(decoded.AsSpan(0, Size).ToArray());
        }
        finally
        {
            CryptographicOperations.ZeroMemory(decoded);
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, string)"/>
    public static MasterKey Parse(string text, string source)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            return Parse(bytes, source);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Encrypts with authentication; <paramref name="additional"/> is bound.</summary>
    public void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag, ReadOnlySpan<byte> additional)
    {
        using (var aes = new AesGcm(wrapping, tag.Length))
            aes.Encrypt(nonce, plaintext, ciphertext, tag, additional);

        // Cleared meanwhile, it may have been done under zeros: what came of it must not leave this method.
        if (forgotten)
        {
            ciphertext.Clear();
            throw new CryptographicException($"The master key {Id} is no longer in use.");
        }
    }

    /// <summary>Undoes <see cref="Encrypt"/>.</summary>
    /// <exception cref="CryptographicException">Wrong key, wrong context, or altered.</exception>
    public void Decrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext, ReadOnlySpan<byte> additional)
    {
        using var aes = new AesGcm(wrapping, tag.Length);
        aes.Decrypt(nonce, ciphertext, tag, plaintext, additional);
    }

    /// <summary>Clears the key. Nothing can be encrypted or decrypted with it afterwards.</summary>
    public void Forget()
    {
        forgotten = true;
        CryptographicOperations.ZeroMemory(wrapping);
    }

    private static byte[] Derive(byte[] key, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Size, salt: [], info: Encoding.ASCII.GetBytes(purpose));
}
