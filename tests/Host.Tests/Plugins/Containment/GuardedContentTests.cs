using System.Text;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>Content that a plugin streams.</summary>
public sealed class GuardedContentTests : GuardedPlugin
{
    [Fact]
    public async Task Content_ReadWhole_ArrivesAndIsDisposed()
    {
        var owner = new Owner();
        var content = await ContentAsync(new MemoryStream(Encoding.UTF8.GetBytes(new string('x', 200_000))), 200_000, owner);
        using var copy = new MemoryStream();
        await content.Stream.CopyToAsync(copy);
        await content.DisposeAsync();

        Assert.Equal(200_000, copy.Length);
        Assert.True(owner.Disposed);
        Assert.False(ledger.IsClosed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Content_Disposed_LetsGoOfThePluginsHoweverItIsDone(bool waits)
    {
        var owner = new Owner();
        var content = await ContentAsync(new MemoryStream([1]), null, owner);
        if (waits)
            await content.Stream.DisposeAsync();
        else
#pragma warning disable CA1849, VSTHRD103 // This is what is tested.
            content.Stream.Dispose();
#pragma warning restore CA1849, VSTHRD103

        await owner.Gone.Task;
        Assert.False(content.Stream.CanRead);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await content.Stream.ReadAtLeastAsync(new byte[1], 1));
    }

    [Theory]
    [InlineData("throws", 10L)]
    [InlineData("shorter", 11L)]
    [InlineData("longer", 9L)]
    [InlineData("lies", null)]
    public async Task Content_Broken_FailsAsIoAndCounts(string way, long? length)
    {
        for (var i = 0; i < 5; i++)
        {
            // That it could be handed out proves nothing.
            Assert.False(ledger.IsClosed);
            var content = await ContentAsync(new OddStream(way), length);
            await Assert.ThrowsAsync<IOException>(() => content.Stream.CopyToAsync(Stream.Null));
            await content.DisposeAsync();
        }

        Assert.True(ledger.IsClosed);
    }

    [Fact]
    public async Task Content_ReadWholeInBetween_IsNotInARow()
    {
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
                await Assert.ThrowsAsync<IOException>(async () => await (await ContentAsync(new OddStream("throws"), null)).Stream.CopyToAsync(Stream.Null));

            await (await ContentAsync(new MemoryStream([1]), 1)).Stream.CopyToAsync(Stream.Null);
        }

        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Content_Stalls_FailsAfterTheIdleTime()
    {
        var stream = new OddStream("stalls");
        var content = await ContentAsync(stream, null);
        var reading = content.Stream.ReadAtLeastAsync(new byte[10], 1).AsTask();
        await stream.Reading.WaitAsync();
        time.Advance(limits.ContentIdleTime);

        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    [Fact]
    public async Task Content_DripsForEver_FailsAfterTheWholeTime()
    {
        var content = await ContentAsync(new OddStream("drips"), null);
        Assert.Equal(1, await content.Stream.ReadAtLeastAsync(new byte[10], 1));
        time.Advance(limits.ContentTime);

        await Assert.ThrowsAsync<IOException>(async () => await content.Stream.ReadAtLeastAsync(new byte[10], 1));
    }

    private async Task<OperationContent> ContentAsync(Stream stream, long? length, IDisposable? owner = null)
    {
        plugin.Execute = (_, _) => ValueTask.FromResult(OperationResult.Stream(new OperationContent(stream, "text/plain", length) { Owner = owner }, default));
        return (await ExecuteAsync()).Content!;
    }

    private sealed class Owner : IDisposable
    {
        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Disposed => Gone.Task.IsCompleted;

        public void Dispose() => Gone.TrySetResult();
    }

    /// <summary>Ten bytes, read in some odd way.</summary>
    private sealed class OddStream(string way) : MemoryStream(new byte[10])
    {
        public SemaphoreSlim Reading { get; } = new(0);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reading.Release();
            switch (way)
            {
                case "throws":
                    throw new InvalidOperationException();
                case "lies":
                    return buffer.Length + 1;
                case "drips":
                    return 1;
                case "stalls":
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    return 0;
                default:
                    return await base.ReadAsync(buffer, cancellationToken);
            }
        }
    }
}
