namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Refreshes what people granted before it ends, and clears away authorisations that nobody finished.</summary>
internal sealed partial class TokenRefreshWorker(
    ITokenStore store, IPendingAuthorizationStore pending, IConnectionResolver connections, TokenKeeper keeper, TimeProvider time, ILogger<TokenRefreshWorker> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a connection is left alone that cannot be refreshed for reasons of its own: it is disabled, its plugin is not loaded, its token does not open, or was granted for another way
    /// to authenticate. It would only take the place of others.
    /// </summary>
    public static readonly TimeSpan Postponed = TimeSpan.FromMinutes(5);

    private const int Batch = 200;
    private const int AtOnce = 8;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await keeper.DrainAsync(cancellationToken);
    }

    /// <summary>One round.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await pending.PurgeAsync(now, cancellationToken);
        var due = await store.ListDueAsync(now, Batch, cancellationToken);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (record, stop) =>
        {
            var connection = await connections.FindAsync(record.ConnectionId, stop);
            if (connection is not { Enabled: true } || !await keeper.RefreshDueAsync(connection, record, stop))
                await keeper.PostponeAsync(record, now + Postponed, stop);
        });
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                try
                {
                    await RunOnceAsync(stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    Log.RoundFailed(logger, fault);
                }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3511, LogLevel.Warning, "Looking for tokens to refresh failed; the next round tries again")]
        public static partial void RoundFailed(ILogger logger, Exception fault);
    }
}
