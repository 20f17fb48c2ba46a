using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Operations;

/// <summary>Deletes effects, jobs and idempotent requests that are no longer kept, in small batches.</summary>
internal sealed partial class ExecutionRetentionWorker(
    IEffectStore effects, IIdempotencyStore requests, IJobStore jobs, IOptions<ExecutionOptions> options, TimeProvider time, ILogger<ExecutionRetentionWorker> logger) : BackgroundService
{
    private const int Batch = 500;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PurgeInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await PurgeAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Deletes until nothing is left to delete. A failure is left to the next round.</summary>
    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        try
        {
            await AllAsync(token => requests.PurgeAsync(now, Batch, token), cancellationToken);
            await AllAsync(token => jobs.PurgeAsync(now - options.Value.KeepJobs, Batch, token), cancellationToken);
            await AllAsync(token => effects.PurgeAsync(now - options.Value.KeepEffects, Batch, token), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.PurgeFailed(logger, exception);
        }
    }

    private static async Task AllAsync(Func<CancellationToken, Task<int>> purge, CancellationToken cancellationToken)
    {
        while (await purge(cancellationToken) >= Batch)
            cancellationToken.ThrowIfCancellationRequested();
    }

    private static partial class Log
    {
        [LoggerMessage(3042, LogLevel.Warning, "Deleting what is no longer kept failed; the next round tries again")]
        public static partial void PurgeFailed(ILogger logger, Exception exception);
    }
}
