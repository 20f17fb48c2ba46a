using System.Threading.Channels;

namespace IntegrationHub.Host.Events;

/// <summary>
/// Writes down what came of attempts, many in one transaction, so that the endpoint's place is free as soon as it has answered. What waits here was sent and is not yet on disk:
/// should the process die now, it is sent again. So few may wait, and whoever comes while they do waits too. Thread-safe.
/// </summary>
internal sealed partial class AttemptRecorder(string owner, IDeliveryStore store, Action<IReadOnlyList<AttemptOutcome>> recorded, TimeProvider time, ILogger logger)
{
    private const int MaxGroup = 512;
    private const int MaxWaiting = 1024;
    private static readonly TimeSpan[] Retries = [TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly Channel<AttemptOutcome> waiting = Channel.CreateBounded<AttemptOutcome>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    /// <summary>Adds one; waits while too many wait.</summary>
    public ValueTask AddAsync(AttemptOutcome outcome) => waiting.Writer.WriteAsync(outcome, CancellationToken.None);

    /// <summary>No more will come: <see cref="RunAsync"/> ends when all is written.</summary>
    public void Complete() => waiting.Writer.TryComplete();

    /// <param name="lost">Told of what could not be written.</param>
    /// <param name="impatient">Ends the pauses between tries.</param>
    public async Task RunAsync(Action<IReadOnlyList<AttemptOutcome>> lost, CancellationToken impatient)
    {
        while (await waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var group = new List<AttemptOutcome>();
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var outcome))
                group.Add(outcome);

            if (await WriteAsync(group, impatient))
                recorded(group);
            else
                lost(group);
        }
    }

    private async Task<bool> WriteAsync(List<AttemptOutcome> group, CancellationToken impatient)
    {
        AttemptRecord[] records = [.. group.Select(static outcome => outcome.Record)];
        for (var retry = 0; ; retry++)
        {
            try
            {
                // What has been sent is worth recording even while the host stops.
                await store.RecordAsync(owner, records, CancellationToken.None);
                return true;
            }
            catch (Exception exception)
            {
                Log.NotRecorded(logger, exception, group.Count);
                if (retry == Retries.Length)
                    return false;

                await Task.Delay(Retries[retry], time, impatient).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3303, LogLevel.Warning, "{Count} attempts could not be recorded; trying again")]
        public static partial void NotRecorded(ILogger logger, Exception exception, int count);
    }
}

/// <summary>What came of an attempt, and what it was an attempt of.</summary>
internal readonly record struct AttemptOutcome(AttemptRecord Record, LeasedDelivery Leased);
