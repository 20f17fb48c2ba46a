using System.Threading.Channels;

namespace IntegrationHub.Host.Insights;

/// <summary>
/// Writes usage behind the callers' backs, in groups. A full queue drops records and counts them: analytics must not slow operations down.
/// What is queued at shutdown is written.
/// </summary>
internal sealed partial class UsageRecorder(IUsageStore store, TimeProvider time, ILogger<UsageRecorder> logger) : BackgroundService
{
    private const int Capacity = 16_384;
    private const int GroupSize = 512;

    // Under load a commit per handful of records would keep disk and processor busy with commits.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);

    private readonly Channel<UsageRecord> queue = Channel.CreateBounded<UsageRecord>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite },
        _ => HubTelemetry.UsageDropped.Add(1));

    private readonly CancellationTokenSource stopping = new();

    public void Record(UsageRecord record) => queue.Writer.TryWrite(record);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        await stopping.CancelAsync();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken);

        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        stopping.Dispose();
        base.Dispose();
    }

    // The stopping token is not heeded: the completed queue ends the loop, after everything in it is written.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var group = new List<UsageRecord>(GroupSize);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < GroupSize && queue.Reader.TryRead(out var record))
                group.Add(record);

            try
            {
                await store.AddAsync(group, CancellationToken.None);
            }
            catch (Exception exception)
            {
                HubTelemetry.UsageDropped.Add(group.Count);
                Log.Lost(logger, exception, group.Count);
            }

            group.Clear();
            if (queue.Reader.Count < GroupSize)
                await Task.Delay(Gathering, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4021, LogLevel.Error, "{Count} usage records could not be stored")]
        public static partial void Lost(ILogger logger, Exception exception, int count);
    }
}
