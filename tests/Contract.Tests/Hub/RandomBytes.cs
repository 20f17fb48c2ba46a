using System.Security.Cryptography;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>Random bytes as they are read, never held as a whole; it hashes what it gave.</summary>
internal sealed class RandomBytes(int seed, long length) : Stream
{
    private readonly Random random = new(seed);
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long given;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => given;
        set => throw new NotSupportedException();
    }

    /// <summary>The SHA-256 of everything that it gave, in hex, once it was disposed of.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>The SHA-256 of everything that the stream gives, and how much that is.</summary>
    public static async Task<(string Sha256, long Length)> HashAsync(Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        var total = 0L;
        for (int read; (read = await stream.ReadAsync(buffer)) > 0; total += read)
            hash.AppendData(buffer, 0, read);

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), total);
    }

    public override int Read(Span<byte> buffer)
    {
        var part = buffer[..(int)Math.Min(buffer.Length, length - given)];
        random.NextBytes(part);
        hash.AppendData(part);
        given += part.Length;
        return part.Length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer, offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Sha256.Length == 0)
        {
            Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
