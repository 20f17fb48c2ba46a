namespace IntegrationHub.Host.Events.Replays;

/// <summary>Takes the steps of replays, each at its rate. How far each is stands in the database: after a crash it goes on there.</summary>
internal sealed partial class ReplayWorker(IReplayStore store, ReplaySignal signal, DeliverySignal deliveries, TimeProvider time, ILogger<ReplayWorker> logger) : BackgroundService
{
    private const int MaxBatch = 50;

    /// <summary>A step is what is made in this time, so that a slow rate is even and a fast one costs few commits.</summary>
    private static readonly TimeSpan StepTime = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await signal.WaitAsync(await StepAllAsync(stoppingToken), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception);
                await Task.Delay(Tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Takes one step of each replay that is due.</summary>
    /// <returns>How long nothing is due.</returns>
    public async Task<TimeSpan> StepAllAsync(CancellationToken cancellationToken)
    {
        var pause = Tick;
        foreach (var replay in await store.ListRunningAsync(cancellationToken))
        {
            var now = time.GetUtcNow();
            var next = replay.NextStepAt;
            if (next <= now)
            {
                var batch = (int)Math.Clamp(Math.Ceiling(replay.Rate * StepTime.TotalSeconds), 1, MaxBatch);
                if (await store.StepAsync(replay, batch, now, cancellationToken) is not { } after)
                    continue;

                if (after.Made > replay.Made)
                    deliveries.Wake();
                if (after.State != ReplayState.Running)
                {
                    Log.Completed(logger, after.Id, after.Made, after.Skipped);
                    continue;
                }

                next = after.NextStepAt;
            }

            var left = next - time.GetUtcNow();
            pause = left < pause ? left : pause;
        }

        return pause > TimeSpan.Zero ? pause : TimeSpan.Zero;
    }

    private static partial class Log
    {
        [LoggerMessage(3340, LogLevel.Error, "A replay could not go on; trying again")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(3512, LogLevel.Information, "Replay {Replay} is through: {Made} deliveries made, {Skipped} passed over")]
        public static partial void Completed(ILogger logger, string replay, long made, long skipped);
    }
}
