using System.Security.Cryptography;

namespace IntegrationHub.Host.Secrets;

internal sealed class Sealer(MasterKey master) : ISealer
{
    private const int KeySize = 32;

    public string MasterKeyId => master.Id;

    public byte[] NewWrappedKey(string context)
    {
        var key = RandomNumberGenerator.GetBytes(KeySize);
        try
        {
            return Aead.Seal(master.Wrapping, key, context);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

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

    /// <summary>For the key ring, which keeps the hub's own data keys open.</summary>
    public byte[] Unwrap(byte[] wrappedKey, string keyContext)
    {
        var key = Aead.Open(master.Wrapping, wrappedKey, keyContext);
        return key.Length == KeySize ? key : throw new CryptographicException("The wrapped key has the wrong length.");
    }
}
