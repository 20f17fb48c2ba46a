using System.Security.Cryptography;

namespace IntegrationHub.Host.Secrets;

internal sealed class Sealer(MasterKeyRing ring) : ISealer
{
    public string MasterKeyId => ring.Current.Id;

    public byte[] NewWrappedKey(string context)
    {
        var key = RandomNumberGenerator.GetBytes(WrappedKey.KeySize);
        try
        {
            return WrappedKey.Wrap(ring.Current, key, context);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public string MasterKeyIdOf(byte[] wrappedKey) =>
        WrappedKey.MasterKeyIdOf(wrappedKey) ?? throw new ArgumentException("The wrapped key does not name its master key.", nameof(wrappedKey));

    public byte[] Seal(byte[] wrappedKey, string keyContext, ReadOnlySpan<byte> plaintext, string context)
    {
        var key = Unwrap(wrappedKey, keyContext);
        try
        {
            return Aead.Seal(key, plaintext, context);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public byte[] Open(byte[] wrappedKey, string keyContext, ReadOnlySpan<byte> sealedValue, string context)
    {
        var key = Unwrap(wrappedKey, keyContext);
        try
        {
            return Aead.Open(key, sealedValue, context);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The same data key, wrapped by the current master key.</summary>
    /// <exception cref="CryptographicException">It does not open.</exception>
    public byte[] Rewrap(byte[] wrappedKey, string keyContext)
    {
        var key = Unwrap(wrappedKey, keyContext);
        try
        {
            return WrappedKey.Wrap(ring.Current, key, keyContext);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>For the key ring, which keeps the hub's own data keys open.</summary>
    /// <exception cref="CryptographicException">It does not open.</exception>
    public byte[] Unwrap(byte[] wrappedKey, string keyContext)
    {
        if (WrappedKey.MasterKeyIdOf(wrappedKey) is { } id)
            return WrappedKey.Unwrap(ring.Find(id) ?? throw new CryptographicException($"The master key {id} is not at hand."), wrappedKey, keyContext);

        // The old form does not tell its key. There are two at the most, but during a rotation.
        foreach (var key in ring.All)
            try
            {
                return WrappedKey.Unwrap(key, wrappedKey, keyContext);
            }
            catch (AuthenticationTagMismatchException)
            {
                // Not this one.
            }

        throw new CryptographicException("None of the master keys at hand opens the wrapped key.");
    }
}
