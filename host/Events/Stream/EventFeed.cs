using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>
/// The newest part of the log, read once for all open streams. It reads from the store like everybody else, never from what is being stored: so its order is the log's, and a reader
/// that moves between the two meets no event twice and misses none. Idle while nobody reads. Thread-safe.
/// </summary>
internal sealed partial class EventFeed(IEventLog log, EventFeedSignal signal, IOptions<StreamOptions> options, TimeProvider time, ILogger<EventFeed> logger) : BackgroundService
{
    private const int SliceEvents = 256;
    private const long MaxBytes = 16 * 1024 * 1024;

    // Other nodes store events too and wake nobody here.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    // Under load: a few looks with many events each wake readers less often than one for each event.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly LinkedRing ring = new();
    private TaskCompletionSource changed = New();
    private bool active;
    private long from;
    private long to;

    /// <summary>Completes when there is something new. Take it before looking.</summary>
    public Task Changed => Volatile.Read(ref changed).Task;

    /// <summary>Copies events after a number, in order.</summary>
    /// <param name="after">Where the reader is.</param>
    /// <param name="into">Where they go.</param>
    /// <param name="max">How many at the most.</param>
    /// <param name="upTo">Where the reader is then.</param>
    /// <returns>Whether the feed reaches back to there; if not, read the store.</returns>
    public bool TryRead(long after, List<FeedEvent> into, int max, out long upTo)
    {
        lock (gate)
        {
            upTo = after;
            if (!active || after < from || after > to)
                return false;

            upTo = ring.CopyAfter(after, into, max) ? into[^1].Number : to;
            return true;
        }
    }

    /// <summary>Lets go of all events: some were deleted from the store. Readers go on from there.</summary>
    public void Forget() => Stop();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await signal.WaitAsync(signal.Readers > 0 ? Tick : Timeout.InfiniteTimeSpan, time, stoppingToken);
                if (signal.Readers == 0)
                    Stop();
                else if (await ReadAsync(stoppingToken))
                    await Task.Delay(Breath, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                // Readers go on from the store, which says what is wrong to each of them.
                Stop();
                Log.Failed(logger, exception);
                await Task.Delay(FaultPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Stop();
    }

    /// <returns>Whether there was something.</returns>
    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (!active)
        {
            var last = await log.LastAsync(cancellationToken);
            lock (gate)
            {
                // Also of what a look brought that had begun before the ring was cleared.
                ring.Clear();
                (active, from, to) = (true, last, last);
            }
        }

        var any = false;
        for (var isEnd = false; !isEnd;)
        {
            var slice = await log.ReadAsync(to, SliceEvents, EventLogFilter.All, cancellationToken);
            isEnd = slice.IsEnd;
            lock (gate)
            {
                foreach (var one in slice.Events)
                    ring.Add(new FeedEvent(one));
                to = slice.UpTo;
                while (ring.Count > options.Value.Shared || ring.Bytes > MaxBytes)
                    from = ring.DropFirst();
            }

            any |= slice.Events.Count > 0;
            Interlocked.Exchange(ref changed, New()).SetResult();
        }

        return any;
    }

    private void Stop()
    {
        lock (gate)
        {
            ring.Clear();
            active = false;
        }

        Interlocked.Exchange(ref changed, New()).SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Events in order, with what they hold in bytes. Used under the feed's lock.</summary>
    private sealed class LinkedRing
    {
        private FeedEvent[] items = new FeedEvent[64];
        private int head;

        public int Count { get; private set; }

        public long Bytes { get; private set; }

        public void Add(FeedEvent one)
        {
            if (Count == items.Length)
                Grow();

            items[(head + Count++) & (items.Length - 1)] = one;
            Bytes += one.Event.SealedData.Length;
        }

        /// <returns>The number of what was dropped.</returns>
        public long DropFirst()
        {
            var first = items[head];
            items[head] = null!;
            head = (head + 1) & (items.Length - 1);
            Count--;
            Bytes -= first.Event.SealedData.Length;
            return first.Number;
        }

        /// <returns>Whether there are more than were copied.</returns>
        public bool CopyAfter(long after, List<FeedEvent> into, int max)
        {
            int low = 0, high = Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (At(middle).Number <= after)
                    low = middle + 1;
                else
                    high = middle;
            }

            var end = Math.Min(Count, low + max);
            for (var i = low; i < end; i++)
                into.Add(At(i));

            return end < Count;
        }

        public void Clear()
        {
            (items, head, Count, Bytes) = (new FeedEvent[64], 0, 0, 0);
        }

        private FeedEvent At(int index) => items[(head + index) & (items.Length - 1)];

        // A power of two, so that the mask works.
        private void Grow()
        {
            var larger = new FeedEvent[items.Length * 2];
            for (var i = 0; i < Count; i++)
                larger[i] = At(i);
            (items, head) = (larger, 0);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3320, LogLevel.Error, "The feed of the event streams could not be read; trying again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
