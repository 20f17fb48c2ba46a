using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>Deletes expired raw requests and dedupe entries, in small batches.</summary>
internal sealed partial class RetentionWorker(IEventStore store, IOptions<RetentionOptions> options, TimeProvider time, ILogger<RetentionWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await PurgeAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Deletes until nothing is expired. A failure is left to the next round.</summary>
    public async Task<int> PurgeAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        try
        {
            int deleted;
            do
            {
                deleted = await store.PurgeExpiredAsync(time.GetUtcNow(), options.Value.Batch, cancellationToken);
                total += deleted;
            }
            while (deleted >= options.Value.Batch);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.PurgeFailed(logger, exception);
        }

        if (total > 0)
            Log.Purged(logger, total);
        return total;
    }

    private static partial class Log
    {
        [LoggerMessage(3201, LogLevel.Debug, "Deleted {Count} expired raw requests and dedupe entries")]
        public static partial void Purged(ILogger logger, int count);

        [LoggerMessage(3202, LogLevel.Warning, "Deleting what expired failed; the next round tries again")]
        public static partial void PurgeFailed(ILogger logger, Exception exception);
    }
}
