using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Host.Secrets;

/// <summary>
/// Layout: version (1), flags (1), length of the plaintext (4, big-endian), key id (8), salt (16), nonce (12), tag (16), ciphertext. Everything before the tag is bound
/// as additional data, and so is the row's id.
/// </summary>
/// <remarks>
/// Random 96-bit nonces allow about 2^32 messages under one key (NIST SP 800-38D §8.3), which a busy hub reaches in weeks: so payloads are sealed under
/// derived keys, HMAC-SHA256 of the payload key over the salt, and each derived key serves one thread for <see cref="SealsPerSalt"/> payloads at the most. A key and a cipher for
/// each payload cost more than sealing it. Thread-safe.
/// </remarks>
internal sealed class PayloadSealer(KeyRing ring) : IPayloadSealer, IDisposable
{
    /// <summary>After how many payloads a thread takes a new salt: far below what random nonces allow.</summary>
    private const int SealsPerSalt = 1 << 20;

    /// <summary>The longest payload that is sealed, and so the most that opening can take.</summary>
    public const int MaxPlaintext = 64 * 1024 * 1024;

    // Measured over webhook samples of 3 KB: quality 1 leaves 36 % in 12 µs, quality 0 38 % in 9 µs, quality 2 35 % in 33 µs, fastest Deflate 42 % in 11 µs.
    private const int Quality = 1;
    private const int Window = 16;

    // Below this (the headers of a webhook, a small event) compressing takes longer than sealing and storing, and saves a few hundred bytes.
    private const int WorthCompressing = 1024;

    private const byte Version = 1;
    private const byte Compressed = 1;
    private const int KeySize = 32;
    private const int SaltSize = 16;
    private const int LengthAt = 2;
    private const int IdAt = LengthAt + sizeof(int);
    private const int SaltAt = IdAt + KeyRing.IdSize;
    private const int NonceAt = SaltAt + SaltSize;
    private const int TagAt = NonceAt + Aead.NonceSize;
    private const int HeaderSize = TagAt + Aead.TagSize;
    private const int AdditionalDataOnStack = 256;

    private readonly ThreadLocal<Ciphers> ciphers = new(static () => new Ciphers(), trackAllValues: true);

    public byte[] Seal(ReadOnlySpan<byte> plaintext, string context)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, MaxPlaintext, nameof(plaintext));

        var rented = ArrayPool<byte>.Shared.Rent(Math.Max(1, plaintext.Length));
        var written = 0;
        try
        {
            // The buffer is as long as the plaintext: what does not shrink does not fit, and stays as it is.
            var shrunk = plaintext.Length >= WorthCompressing
                && BrotliEncoder.TryCompress(plaintext, rented.AsSpan(0, plaintext.Length - 1), out written, Quality, Window);
            var content = shrunk ? rented.AsSpan(0, written) : plaintext;

            var sealing = ciphers.Value!.ForSealing(ring.Current(KeyRing.Payloads));
            var result = new byte[HeaderSize + content.Length];
            result[0] = Version;
            result[1] = shrunk ? Compressed : (byte)0;
            BinaryPrimitives.WriteInt32BigEndian(result.AsSpan(LengthAt), plaintext.Length);
            sealing.Key.IdBytes.CopyTo(result.AsSpan(IdAt));
            sealing.Salt.CopyTo(result.AsSpan(SaltAt));
            RandomNumberGenerator.Fill(result.AsSpan(NonceAt, Aead.NonceSize));
            Encrypt(sealing.Aes, result, content, context);
            return result;
        }
        finally
        {
            Return(rented, written);
        }
    }

    public byte[] Open(ReadOnlySpan<byte> sealedPayload, string context)
    {
        if (sealedPayload.Length < HeaderSize || sealedPayload[0] != Version)
            throw new CryptographicException("The payload is not sealed in a layout this version knows.");

        var key = ring.Find(KeyRing.Payloads, sealedPayload.Slice(IdAt, KeyRing.IdSize))
            ?? throw new CryptographicException("The payload was sealed under a key that is not in the key ring.");

        var length = sealedPayload.Length - HeaderSize;
        if ((sealedPayload[1] & Compressed) == 0)
        {
            var plain = new byte[length];
            Decrypt(key, sealedPayload, plain, context);
            return plain;
        }

        var rented = ArrayPool<byte>.Shared.Rent(Math.Max(1, length));
        try
        {
            var content = rented.AsSpan(0, length);
            Decrypt(key, sealedPayload, content, context);
            return Decompress(content, BinaryPrimitives.ReadInt32BigEndian(sealedPayload[LengthAt..]));
        }
        finally
        {
            Return(rented, length);
        }
    }

    // The length is authenticated, so it can be trusted; the limits hold even against whoever has the key.
    private static byte[] Decompress(ReadOnlySpan<byte> content, int length)
    {
        if (length is < 0 or > MaxPlaintext)
            throw new CryptographicException("The payload says it is longer than payloads may be.");

        var plain = new byte[length];
        return BrotliDecoder.TryDecompress(content, plain, out var written) && written == length
            ? plain
            : throw new CryptographicException("The payload does not decompress to the length it states.");
    }

    public void Dispose()
    {
        foreach (var own in ciphers.Values)
            own.Dispose();

        ciphers.Dispose();
    }

    private static void Encrypt(AesGcm aes, Span<byte> payload, ReadOnlySpan<byte> content, string context)
    {
        Span<byte> few = stackalloc byte[AdditionalDataOnStack];
        var bound = AdditionalData(payload, context, few);
        aes.Encrypt(payload.Slice(NonceAt, Aead.NonceSize), content, payload[HeaderSize..], payload.Slice(TagAt, Aead.TagSize), bound);
    }

    private void Decrypt(OpenKey key, ReadOnlySpan<byte> payload, Span<byte> content, string context)
    {
        Span<byte> few = stackalloc byte[AdditionalDataOnStack];
        var bound = AdditionalData(payload, context, few);
        var aes = ciphers.Value!.ForOpening(key, payload.Slice(SaltAt, SaltSize));
        aes.Decrypt(payload.Slice(NonceAt, Aead.NonceSize), payload[HeaderSize..], payload.Slice(TagAt, Aead.TagSize), content, bound);
    }

    private static ReadOnlySpan<byte> AdditionalData(ReadOnlySpan<byte> payload, string context, Span<byte> few)
    {
        var length = TagAt + Encoding.UTF8.GetByteCount(context);
        var data = length <= few.Length ? few[..length] : new byte[length];
        payload[..TagAt].CopyTo(data);
        Encoding.UTF8.GetBytes(context, data[TagAt..]);
        return data;
    }

    private static void Return(byte[] rented, int used)
    {
        CryptographicOperations.ZeroMemory(rented.AsSpan(0, Math.Min(used, rented.Length)));
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>One thread's ciphers: they may not be shared, and making one costs more than using it.</summary>
    private sealed class Ciphers : IDisposable
    {
        /// <summary>How many are kept for opening: events read one after the other were sealed by few threads.</summary>
        private const int Kept = 16;

        private readonly SealingCipher?[] opening = new SealingCipher?[Kept];
        private SealingCipher? sealing;
        private int seals;
        private int next;

        public SealingCipher ForSealing(OpenKey key)
        {
            if (sealing is null || sealing.Key != key || seals == SealsPerSalt)
            {
                sealing?.Aes.Dispose();
                sealing = SealingCipher.Derive(key, RandomNumberGenerator.GetBytes(SaltSize));
                seals = 0;
            }

            seals++;
            return sealing;
        }

        public AesGcm ForOpening(OpenKey key, ReadOnlySpan<byte> salt)
        {
            foreach (var kept in opening)
            {
                if (kept is not null && kept.Key == key && salt.SequenceEqual(kept.Salt))
                    return kept.Aes;
            }

            ref var place = ref opening[next++ % Kept];
            place?.Aes.Dispose();
            place = SealingCipher.Derive(key, salt.ToArray());
            return place.Aes;
        }

        public void Dispose()
        {
            sealing?.Aes.Dispose();
            foreach (var kept in opening)
                kept?.Aes.Dispose();
        }
    }

    private sealed record SealingCipher(OpenKey Key, byte[] Salt, AesGcm Aes)
    {
        public static SealingCipher Derive(OpenKey key, byte[] salt)
        {
            Span<byte> derived = stackalloc byte[KeySize];
            HMACSHA256.HashData(key.Key, salt, derived);
            var cipher = new SealingCipher(key, salt, new AesGcm(derived, Aead.TagSize));
            CryptographicOperations.ZeroMemory(derived);
            return cipher;
        }
    }
}
