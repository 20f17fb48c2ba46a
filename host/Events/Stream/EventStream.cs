using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>What one reader asked for.</summary>
internal sealed record StreamRequest
{
    /// <summary>Where to begin; <see langword="null"/> for now.</summary>
    public long? After { get; init; }

    /// <summary>Whether to stay when everything stored has been sent.</summary>
    public bool Follow { get; init; } = true;

    public required EventLogFilter Filter { get; init; }

    /// <summary>A condition besides the filter.</summary>
    public Func<FeedEvent, bool>? Accepts { get; init; }

    /// <summary>What is written of an event that passes; <see langword="null"/> to pass it over.</summary>
    public required Func<FeedEvent, byte[]?> Write { get; init; }

    /// <summary>Asked again and again: whether the reader may go on.</summary>
    public required Func<CancellationToken, ValueTask<bool>> MayGoOn { get; init; }
}

/// <summary>
/// Writes events to a reader: first those stored, then those that come, in one order. A reader is held up by nobody and holds up nobody: what it has not taken is not kept for it, it
/// is read again from where the reader is. Thread-safe.
/// </summary>
internal sealed class EventStream(EventFeed feed, EventFeedSignal signal, IEventLog log, StreamCursor cursor, IOptions<StreamOptions> options, TimeProvider time) : IDisposable
{
    private const int FeedBatch = 256;
    private const int StoreBatch = 64;
    private const int FlushBytes = 64 * 1024;
    private static readonly byte[] Reconnect = "retry: 3000\n"u8.ToArray();

    private readonly EventFeed feed = feed;
    private readonly IEventLog log = log;
    private readonly StreamCursor cursor = cursor;
    private readonly StreamOptions options = options.Value;
    private readonly TimeProvider time = time;

    /// <summary>Reads of the store by readers that are behind, at once: many of them must leave room for others.</summary>
    private readonly SemaphoreSlim catchingUp = new(2);

    /// <summary>Runs until the reader is gone, may not go on, or has everything and does not follow.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task RunAsync(PipeWriter writer, StreamRequest request, CancellationToken cancellationToken)
    {
        signal.Join();
        try
        {
            await new Run(this, writer, request, EventPatternOf(request)).LoopAsync(cancellationToken);
        }
        finally
        {
            signal.Leave();
        }
    }

    public void Dispose() => catchingUp.Dispose();

    private static EventPattern? EventPatternOf(StreamRequest request) => request.Filter.Type is { } type ? EventPattern.Parse(type) : null;

    private sealed class Run(EventStream stream, PipeWriter writer, StreamRequest request, EventPattern? pattern)
    {
        private readonly List<FeedEvent> batch = [];
        private readonly StreamOptions options = stream.options;
        private readonly TimeProvider time = stream.time;
        private long position;
        private long wroteAt;
        private long checkedAt;
        private int unflushed;

        public async Task LoopAsync(CancellationToken cancellationToken)
        {
            // A place beyond the end is from before a backup was restored.
            var last = await stream.log.LastAsync(cancellationToken);
            position = Math.Min(request.After ?? last, last);
            checkedAt = time.GetTimestamp();

            // The place goes out first: who loses the connection before the first event comes back to where it began.
            Write(Reconnect);
            Write(ServerSentEvents.Place(stream.cursor.Write(position)));
            if (!await FlushAsync(cancellationToken))
                return;

            while (await MayGoOnAsync(cancellationToken))
            {
                var changed = stream.feed.Changed;
                var more = await ReadAsync(cancellationToken);
                foreach (var one in batch)
                    if (!await WriteAsync(one, cancellationToken))
                        return;

                if (unflushed == 0 && time.GetElapsedTime(wroteAt) >= options.Heartbeat)
                    Write(ServerSentEvents.Place(stream.cursor.Write(position)));
                if (unflushed > 0 && !await FlushAsync(cancellationToken))
                    return;
                if (more)
                    continue;
                if (!request.Follow)
                {
                    // Where to go on, should nothing of the last part have passed the filter.
                    Write(ServerSentEvents.Place(stream.cursor.Write(position)));
                    await FlushAsync(cancellationToken);
                    return;
                }

                var silence = options.Heartbeat - time.GetElapsedTime(wroteAt);
                var check = options.KeyCheck - time.GetElapsedTime(checkedAt);
                var pause = silence < check ? silence : check;
                if (pause > TimeSpan.Zero)
                    await changed.WaitAsync(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        /// <summary>Fills the batch and moves on.</summary>
        /// <returns>Whether there is more at once.</returns>
        private async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
        {
            batch.Clear();

            // The feed may be a moment behind; who does not wait for it asks the store.
            if (request.Follow && stream.feed.TryRead(position, batch, FeedBatch, out var upTo))
            {
                var isFull = batch.Count == FeedBatch;
                batch.RemoveAll(one => !Passes(one));
                position = upTo;
                return isFull;
            }

            await stream.catchingUp.WaitAsync(cancellationToken);
            try
            {
                var slice = await stream.log.ReadAsync(position, StoreBatch, request.Filter, cancellationToken);
                batch.AddRange(slice.Events.Select(one => new FeedEvent(one)));
                position = slice.UpTo;
                return !slice.IsEnd;
            }
            finally
            {
                stream.catchingUp.Release();
            }
        }

        private bool Passes(FeedEvent one) =>
            (request.Filter.Projects?.Contains(one.Event.Project) ?? true)
            && (request.Filter.Environment is null || request.Filter.Environment == one.Event.Environment)
            && (pattern?.Matches(one.Event.Type) ?? true);

        private async ValueTask<bool> WriteAsync(FeedEvent one, CancellationToken cancellationToken)
        {
            if ((request.Accepts is { } accepts && !accepts(one)) || request.Write(one) is not { } frame)
                return true;

            Write(frame);
            return unflushed < FlushBytes || await FlushAsync(cancellationToken);
        }

        private void Write(ReadOnlySpan<byte> bytes)
        {
            writer.Write(bytes);
            unflushed += bytes.Length;
        }

        /// <returns>Whether somebody reads.</returns>
        private async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
        {
            // Waits while the reader takes nothing; Kestrel ends the connection of one that takes nothing for long.
            var result = await writer.FlushAsync(cancellationToken);
            unflushed = 0;
            wroteAt = time.GetTimestamp();
            return !result.IsCompleted && !result.IsCanceled;
        }

        private async ValueTask<bool> MayGoOnAsync(CancellationToken cancellationToken)
        {
            if (time.GetElapsedTime(checkedAt) < options.KeyCheck)
                return true;

            checkedAt = time.GetTimestamp();
            return await request.MayGoOn(cancellationToken);
        }
    }
}
