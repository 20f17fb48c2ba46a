using System.Collections.Concurrent;
using System.Security.Cryptography;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>A parsed public key. Not thread-safe: the framework does not promise it for its key objects.</summary>
internal abstract class VerificationKey : IDisposable
{
    /// <summary>Decides; malformed signatures are simply wrong.</summary>
    public abstract bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName algorithm);

    public abstract void Dispose();
}

/// <summary>Parsed public keys by their text, since parsing takes longer than verifying. Bounded; thread-safe.</summary>
internal sealed class PublicKeys(VerifyScheme scheme)
{
    // One key a connection at most, usually one a provider; beyond this they are parsed anew.
    private const int MaxKeys = 128;

    private readonly ConcurrentDictionary<string, ConcurrentBag<VerificationKey>> idle = new(StringComparer.Ordinal);

    /// <summary>Takes a key that nobody else uses; fails when the text is no usable key.</summary>
    public bool TryRent(string text, out VerificationKey key)
    {
        if (idle.TryGetValue(text, out var bag) && bag.TryTake(out key!))
            return true;

        try
        {
            key = Parse(text.Trim());
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or ArgumentException)
        {
            key = null!;
            return false;
        }
    }

    /// <summary>Gives it back.</summary>
    public void Return(string text, VerificationKey key)
    {
        if (idle.TryGetValue(text, out var bag) || (idle.Count < MaxKeys && (bag = idle.GetOrAdd(text, static _ => [])) is not null))
            bag.Add(key);
        else
            key.Dispose();
    }

    private VerificationKey Parse(string text)
    {
        // Forms and environment variables often hold a PEM with its line ends written out.
        var pem = text.Contains("-----BEGIN", StringComparison.Ordinal) ? text.Replace("\\n", "\n", StringComparison.Ordinal) : null;
        if (scheme == VerifyScheme.Ed25519)
            return new EdwardsKey(EdwardsBytes(text, pem));

        if (scheme == VerifyScheme.Ecdsa)
        {
            var ecdsa = ECDsa.Create();
            Import(ecdsa, text, pem);
            return new EllipticKey(ecdsa);
        }

        var rsa = RSA.Create();
        Import(rsa, text, pem);
        if (rsa.KeySize >= 1024)
            return new RsaKey(rsa);

        rsa.Dispose();
        throw new CryptographicException("The RSA key is too short.");
    }

    private static void Import(AsymmetricAlgorithm key, string text, string? pem)
    {
        if (pem is not null)
            key.ImportFromPem(pem);
        else
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text), out _);
    }

    private static byte[] EdwardsBytes(string text, string? pem)
    {
        if (pem is null && text.Length == 64)
            return Convert.FromHexString(text);

        var bytes = pem is not null
            ? Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data])
            : Convert.FromBase64String(text.StartsWith("whpk_", StringComparison.Ordinal) ? text["whpk_".Length..] : text);
        if (bytes.Length == 32)
            return bytes;

        // SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4) has one possible prefix.
        ReadOnlySpan<byte> prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        return bytes.Length == 44 && bytes.AsSpan().StartsWith(prefix) ? bytes[12..] : throw new CryptographicException("This is no Ed25519 key.");
    }

    private sealed class EllipticKey(ECDsa key) : VerificationKey
    {
        public override bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName algorithm)
        {
            try
            {
                return key.VerifyData(data, signature, algorithm, DSASignatureFormat.Rfc3279DerSequence);
            }
            catch (CryptographicException)
            {
                return false;
            }
        }

        public override void Dispose() => key.Dispose();
    }

    private sealed class RsaKey(RSA key) : VerificationKey
    {
        public override bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName algorithm)
        {
            try
            {
                return key.VerifyData(data, signature, algorithm, RSASignaturePadding.Pkcs1);
            }
            catch (CryptographicException)
            {
                return false;
            }
        }

        public override void Dispose() => key.Dispose();
    }

    private sealed class EdwardsKey : VerificationKey
    {
        private readonly Ed25519 key;

        public EdwardsKey(byte[] publicKey) => key = Ed25519.Import(publicKey) ?? throw new CryptographicException("This is no Ed25519 key.");

        public override bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName algorithm) => key.Verify(data, signature);

        public override void Dispose()
        {
        }
    }
}
