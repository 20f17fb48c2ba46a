using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>
/// Numbers of the log as <c>id:</c> of a stream: the same number always gives the same text, which tells nothing (the number alone would tell how many events other projects have)
/// and cannot be made up. A synthetic initialisation vector as in RFC 5297, for one block: a keyed hash of the number, and the number masked by a keyed hash of that. Thread-safe.
/// </summary>
internal sealed class StreamCursor(Fingerprint fingerprint)
{
    private const int Half = 8;
    private const int Length = 22;

    public string Write(long number)
    {
        Span<byte> token = stackalloc byte[2 * Half];
        BinaryPrimitives.WriteInt64BigEndian(token[Half..], number);
        Hash("event-stream/tag", token[Half..], token[..Half]);
        Mask(token);
        return Base64Url.EncodeToString(token);
    }

    /// <returns><see langword="null"/> when this hub never gave it.</returns>
    public long? Read(string text)
    {
        Span<byte> token = stackalloc byte[2 * Half];
        if (text.Length != Length || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, token, out var length) || length != token.Length)
            return null;

        Mask(token);
        Span<byte> expected = stackalloc byte[Half];
        Hash("event-stream/tag", token[Half..], expected);
        return CryptographicOperations.FixedTimeEquals(expected, token[..Half]) && BinaryPrimitives.ReadInt64BigEndian(token[Half..]) is var number and >= 0 ? number : null;
    }

    private void Mask(Span<byte> token)
    {
        Span<byte> pad = stackalloc byte[Half];
        Hash("event-stream/pad", token[..Half], pad);
        for (var i = 0; i < Half; i++)
            token[Half + i] ^= pad[i];
    }

    private void Hash(string purpose, ReadOnlySpan<byte> value, Span<byte> into)
    {
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        fingerprint.Of(purpose, value, whole);
        whole[..into.Length].CopyTo(into);
    }
}
