using System.Buffers;
using System.Text;

namespace IntegrationHub.Webhooks;

/// <summary>Pooled memory for the string that is signed. Cleared when it is given back, as it may contain a secret.</summary>
internal ref struct SignedBuffer(int capacity) : IDisposable
{
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(capacity);
    private int length;

    public readonly ReadOnlySpan<byte> Written => bytes.AsSpan(0, length);

    public void Append(ReadOnlySpan<byte> part)
    {
        Reserve(part.Length);
        part.CopyTo(bytes.AsSpan(length));
        length += part.Length;
    }

    public void Append(ReadOnlySpan<char> part)
    {
        Reserve(Encoding.UTF8.GetMaxByteCount(part.Length));
        length += Encoding.UTF8.GetBytes(part, bytes.AsSpan(length));
    }

    public void Append(string? part) => Append(part.AsSpan());

    public void Clear() => length = 0;

    public readonly void Dispose()
    {
        bytes.AsSpan(0, length).Clear();
        ArrayPool<byte>.Shared.Return(bytes);
    }

    private void Reserve(int more)
    {
        if (bytes.Length - length >= more)
            return;

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length * 2, length + more));
        Written.CopyTo(larger);
        bytes.AsSpan(0, length).Clear();
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
