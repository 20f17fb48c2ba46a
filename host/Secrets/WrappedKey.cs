using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Secrets;

/// <summary>
/// The form of a data key that a master key wraps. Version 2: version (1 byte), id of the master key (8), nonce (12), tag (16), ciphertext; version and id are bound, and so is
/// the context. It names its master key itself, so that copies in memory open while others are being wrapped anew. Version 1 has no id.
/// </summary>
internal static class WrappedKey
{
    public const int KeySize = 32;

    private const byte Unnamed = 1;
    private const byte Named = 2;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    public static byte[] Wrap(MasterKey master, ReadOnlySpan<byte> dataKey, string context)
    {
        var head = 1 + MasterKey.IdSize;
        var result = new byte[head + NonceSize + TagSize + dataKey.Length];
        result[0] = Named;
        master.IdBytes.CopyTo(result.AsSpan(1));
        var nonce = result.AsSpan(head, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        master.Encrypt(nonce, dataKey, result.AsSpan(head + NonceSize + TagSize), result.AsSpan(head + NonceSize, TagSize), Bound(result.AsSpan(0, head), context));
        return result;
    }

    /// <summary>The master key's id; <see langword="null"/> when the form does not tell.</summary>
    public static string? MasterKeyIdOf(ReadOnlySpan<byte> wrapped) =>
        wrapped.Length > 1 + MasterKey.IdSize && wrapped[0] == Named ? Convert.ToHexStringLower(wrapped.Slice(1, MasterKey.IdSize)) : null;

    /// <returns>The data key. Clear it after use.</returns>
    /// <exception cref="CryptographicException">Wrong key, wrong context, or altered.</exception>
    public static byte[] Unwrap(MasterKey master, ReadOnlySpan<byte> wrapped, string context)
    {
        var head = wrapped.IsEmpty || wrapped[0] is not (Unnamed or Named) ? 0 : wrapped[0] == Named ? 1 + MasterKey.IdSize : 1;
        if (head == 0 || wrapped.Length != head + NonceSize + TagSize + KeySize)
            throw new CryptographicException("The key is not wrapped in a layout this version knows.");

        var key = new byte[KeySize];
        var body = wrapped[head..];
        master.Decrypt(body[..NonceSize], body[(NonceSize + TagSize)..], body.Slice(NonceSize, TagSize), key, Bound(wrapped[..head], context));
        return key;
    }

    private static byte[] Bound(ReadOnlySpan<byte> head, string context)
    {
        var data = new byte[head.Length + Encoding.UTF8.GetByteCount(context)];
        head.CopyTo(data);
        Encoding.UTF8.GetBytes(context, data.AsSpan(head.Length));
        return data;
    }
}
