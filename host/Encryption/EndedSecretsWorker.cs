using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Encryption;

/// <summary>Deletes secrets that were rotated out once nothing accepts them any more: what is not there cannot be stolen.</summary>
internal sealed partial class EndedSecretsWorker(IEndedSecretStore store, IOptions<EncryptionOptions> options, TimeProvider time, ILogger<EndedSecretsWorker> logger) : BackgroundService
{
    private const int Batch = 200;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PurgeEvery, time);
        try
        {
            do
                await PurgeAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Deletes until nothing has ended. A failure is left to the next round.</summary>
    public async Task<int> PurgeAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        try
        {
            while (await store.PurgeAsync(time.GetUtcNow(), Batch, cancellationToken) is > 0 and var purged)
                total += purged;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Log.Failed(logger, fault);
        }

        if (total > 0)
            Log.Purged(logger, total);

        return total;
    }

    private static partial class Log
    {
        [LoggerMessage(5031, LogLevel.Information, "Former secrets of {Count} connections, subscriptions and API keys had ended and were deleted")]
        public static partial void Purged(ILogger logger, int count);

        [LoggerMessage(5032, LogLevel.Warning, "Deleting former secrets that had ended failed; the next round tries again")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
