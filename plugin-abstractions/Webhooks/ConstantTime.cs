using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Webhooks;

/// <summary>Compares secrets so that the time taken says nothing of them, not even of their length.</summary>
internal static class ConstantTime
{
    public static bool Equal(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        Span<byte> leftHash = stackalloc byte[32];
        Span<byte> rightHash = stackalloc byte[32];
        Hash(left, leftHash);
        Hash(right, rightHash);
        return CryptographicOperations.FixedTimeEquals(leftHash, rightHash);
    }

    private static void Hash(ReadOnlySpan<char> text, Span<byte> hash)
    {
        var buffer = new SignedBuffer(Encoding.UTF8.GetMaxByteCount(text.Length));
        buffer.Append(text);
        SHA256.HashData(buffer.Written, hash);
        buffer.Dispose();
    }
}
