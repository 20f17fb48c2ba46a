using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Content that a plugin returned. It is read on the plugin's threads into a buffer of its own (one that the plugin still writes to after it was given up must not be
/// anybody else's), within a time limit for each piece and for the whole, and not beyond its stated length. Whatever goes wrong is an <see cref="IOException"/>. Not thread-safe.
/// </summary>
internal sealed class GuardedStream(OperationContent content, string operation, PluginCalls calls, FaultLedger ledger, PluginLimits limits, TimeProvider time) : Stream
{
    private const int BufferSize = 64 * 1024;

    private readonly long? length = content.Length;
    private readonly long started = time.GetTimestamp();
    private readonly string place = $"The content of '{operation}'";
    private OperationContent? content = content;
    private byte[] buffer = [];
    private long total;
    private bool broken;

    public override bool CanRead => content is not null;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(content is null, this);
        if (broken)
            throw Failed();

        if (buffer.Length == 0)
            return 0;

        if (time.GetElapsedTime(started) >= limits.ContentTime)
            throw Fault($"took longer than {limits.ContentTime.TotalMinutes:0.#} minutes");

        if (this.buffer.Length == 0)
            this.buffer = new byte[BufferSize];

        var piece = this.buffer.AsMemory(0, Math.Min(buffer.Length, BufferSize));
        var count = await ReadPieceAsync(content.Stream, piece, cancellationToken);
        if (count < 0 || count > piece.Length)
            throw Fault($"said that it had read {count} bytes into a buffer of {piece.Length}");

        total += count;
        if (total > length || (count == 0 && total < length))
            throw Fault(count == 0 ? $"ended after {total} bytes, though its length is {length}" : $"went on after {length} bytes, its length");

        if (count == 0)
            ledger.Succeeded();

        piece[..count].CopyTo(buffer);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref content, null) is { } mine)
            await DisposeAsync(mine, place, calls, limits, time);

        await base.DisposeAsync();
    }

    // Whoever disposes it without waiting cannot be made to wait for the plugin.
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref content, null) is { } mine)
            _ = DisposeAsync(mine, place, calls, limits, time);

        base.Dispose(disposing);
    }

    /// <summary>Lets go of content, whatever it does. Never throws.</summary>
    private static async Task DisposeAsync(OperationContent content, string place, PluginCalls calls, PluginLimits limits, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(limits.DisposeTimeout, time);
        try
        {
            await calls.RunAsync(
                $"{place}, being disposed,",
                async _ =>
                {
                    await content.DisposeAsync().AsTask();
                    return true;
                },
                deadline.Token,
                whenClosed: true);
        }
        catch (Exception exception) when (exception is PluginFaultException or OperationCanceledException)
        {
            // Recorded, and nobody needs the content any more.
        }
    }

    private async Task<int> ReadPieceAsync(Stream stream, Memory<byte> piece, CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(limits.ContentIdleTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
        try
        {
            return await calls.RunAsync(place, token => stream.ReadAsync(piece, token).AsTask(), either.Token, classify: fault => fault.Kind == FaultKind.Exception ? fault with { Kind = FaultKind.Content } : fault);
        }
        catch (PluginHungException)
        {
            // The plugin may write into the buffer yet.
            broken = true;
            buffer = [];
            cancellationToken.ThrowIfCancellationRequested();
            throw Failed();
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Fault($"gave no byte for {limits.ContentIdleTime.TotalSeconds:0.#} s");
        }
        catch (Exception exception) when (exception is PluginFaultException or PluginRefusedException)
        {
            broken = true;
            throw Failed();
        }
    }

    private IOException Fault(string what)
    {
        broken = true;
        ledger.Record(new PluginFault(FaultKind.Content, place, what));
        return Failed();
    }

    private static IOException Failed() => new("The plugin failed while its content was read.");
}
