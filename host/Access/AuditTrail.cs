using System.Threading.Channels;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Access;

/// <summary>Writes the audit: changes at once, calls in groups. Register it as the hosted service too, so that what waits is written at shutdown.</summary>
internal sealed partial class AuditTrail(IAuditStore store, AuditChain chain, TimeProvider time, ILogger<AuditTrail> logger) : IAuditTrail, IHostedService, IDisposable
{
    public const int Capacity = 16_384;
    private const int GroupSize = 512;
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(1);

    // Under load a commit per handful of entries would keep disk and processor busy with commits.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);

    private readonly Channel<AuditEntry> waiting = Channel.CreateBounded<AuditEntry>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly CancellationTokenSource stopping = new();
    private Task loop = Task.CompletedTask;
    private long dropped;

    public Task RecordAsync(AuditEntry entry, CancellationToken cancellationToken) => store.AppendAsync([entry], chain.Link, cancellationToken);

    public void RecordSoon(AuditEntry entry)
    {
        // The caller cannot wait. A gap must at least be in the audit itself.
        if (!waiting.Writer.TryWrite(entry))
            Interlocked.Increment(ref dropped);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // No BackgroundService: that one does not run at all when the stop comes soon after the start, and what waits would be lost.
        loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        waiting.Writer.TryComplete();
        await stopping.CancelAsync();
        await loop.WaitAsync(cancellationToken);
    }

    public void Dispose() => stopping.Dispose();

    // Ends when the channel is complete and empty, not when it is told to stop.
    private async Task RunAsync()
    {
        var group = new List<AuditEntry>(GroupSize + 1);
        while (await waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < GroupSize && waiting.Reader.TryRead(out var entry))
                group.Add(entry);

            if (Interlocked.Exchange(ref dropped, 0) is > 0 and var lost)
                group.Add(LossOf(lost));

            await WriteAsync(group);
            group.Clear();
            if (waiting.Reader.Count < GroupSize)
                await Task.Delay(Gathering, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WriteAsync(List<AuditEntry> group)
    {
        while (true)
            try
            {
                await store.AppendAsync(group, chain.Link, CancellationToken.None);
                return;
            }
            catch (Exception fault)
            {
                Log.Failed(logger, fault, group.Count);
                if (stopping.IsCancellationRequested)
                {
                    Log.Lost(logger, group.Count);
                    return;
                }

                // Cut short by shutdown, which gives the group one last try.
                await Task.Delay(PauseAfterFault, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
    }

    private AuditEntry LossOf(long count)
    {
        Log.Dropped(logger, count);
        return new AuditEntry
        {
            Time = time.GetUtcNow(),
            Actor = Caller.System.KeyId,
            Action = "audit.dropped",
            Details = System.Text.Json.JsonSerializer.SerializeToElement(new { count }, HubJson.Options),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(4011, LogLevel.Error, "{Count} audit entries could not be written and are kept for another try.")]
        public static partial void Failed(ILogger logger, Exception fault, int count);

        [LoggerMessage(4012, LogLevel.Critical, "{Count} audit entries are lost: the storage did not take them before the shutdown.")]
        public static partial void Lost(ILogger logger, int count);

        [LoggerMessage(4013, LogLevel.Error, "{Count} audit entries were dropped: they came faster than the storage takes them.")]
        public static partial void Dropped(ILogger logger, long count);
    }
}
