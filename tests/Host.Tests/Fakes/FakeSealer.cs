using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Binds values to their contexts without hiding them: opening under another key or context fails as it would for real.</summary>
internal sealed class FakeSealer : ISealer, IPayloadSealer
{
    public string MasterKeyId => "0123456789abcdef";

    public string MasterKeyIdOf(byte[] wrappedKey) => MasterKeyId;

    public byte[] NewWrappedKey(string context) => [.. Encoding.UTF8.GetBytes(context + "\n"), .. RandomNumberGenerator.GetBytes(4)];

    public byte[] Seal(byte[] wrappedKey, string keyContext, ReadOnlySpan<byte> plaintext, string context) => Seal(plaintext, Bound(wrappedKey, keyContext, context));

    public byte[] Open(byte[] wrappedKey, string keyContext, ReadOnlySpan<byte> sealedValue, string context) => Open(sealedValue, Bound(wrappedKey, keyContext, context));

    public byte[] Seal(ReadOnlySpan<byte> plaintext, string context) => [.. Prefix(context), .. plaintext];

    public byte[] Open(ReadOnlySpan<byte> sealedPayload, string context)
    {
        var prefix = Prefix(context);
        return sealedPayload.StartsWith(prefix) ? sealedPayload[prefix.Length..].ToArray() : throw new CryptographicException("Wrong context.");
    }

    private static byte[] Prefix(string context) => Encoding.UTF8.GetBytes($"sealed for {context}\0");

    private static string Bound(byte[] wrappedKey, string keyContext, string context)
    {
        if (!wrappedKey.AsSpan().StartsWith(Encoding.UTF8.GetBytes(keyContext + "\n")))
            throw new CryptographicException("Wrong key context.");
        return $"{context} under {Convert.ToHexString(wrappedKey)}";
    }
}
