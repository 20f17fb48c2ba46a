using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Health;

/// <summary>Runs the tests of connections when they are due, and looks again at those whose tokens or circuits have changed.</summary>
internal sealed partial class HealthWorker(
    IHealthStore store, HealthMonitor monitor, HealthSignal signal, ConnectionTester tester, IOptions<HealthOptions> options, TimeProvider time, ILogger<HealthWorker> logger)
    : BackgroundService
{
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromHours(1);

    private readonly HealthOptions options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var purgeAt = time.GetUtcNow() + PurgeInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ReconsiderAsync(stoppingToken);
                if (options.Enabled)
                    await TestDueAsync(stoppingToken);

                if (time.GetUtcNow() >= purgeAt)
                {
                    await store.PurgeAsync(stoppingToken);
                    purgeAt = time.GetUtcNow() + PurgeInterval;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.RoundFailed(logger, exception);
            }

            await signal.WaitAsync(options.Tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReconsiderAsync(CancellationToken cancellationToken)
    {
        foreach (var id in signal.Take().Concat(monitor.TakeEnded()).Distinct())
            await ReconsiderAsync(id, cancellationToken);
    }

    private async Task ReconsiderAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await monitor.ReconsiderAsync(id, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // One that cannot be judged must not keep the others from it.
            Log.NotJudged(logger, exception, id);
        }
    }

    private async Task TestDueAsync(CancellationToken cancellationToken)
    {
        var due = await store.DueAsync(time.GetUtcNow(), options.Concurrency * 8, cancellationToken);
        var limits = new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(due, limits, async (id, token) => await TestAsync(id, token));
    }

    private async Task TestAsync(string connectionId, CancellationToken cancellationToken)
    {
        try
        {
            await tester.RunAsync(Caller.System, connectionId, Ids.New("health", time), cancellationToken);
        }
        catch (ProblemException)
        {
            // Disabled or deleted meanwhile, not loaded, or not to be opened: the monitor and its other sources say what there is to say.
            await ReconsiderAsync(connectionId, cancellationToken);
            await monitor.PostponeAsync(connectionId, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.TestFailed(logger, exception, connectionId);
            await monitor.PostponeAsync(connectionId, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3611, LogLevel.Error, "A round of connection tests failed; the next one tries again")]
        public static partial void RoundFailed(ILogger logger, Exception exception);

        [LoggerMessage(3612, LogLevel.Error, "The tests of connection {Connection} could not be run")]
        public static partial void TestFailed(ILogger logger, Exception exception, string connection);

        [LoggerMessage(3613, LogLevel.Error, "The health of connection {Connection} could not be judged")]
        public static partial void NotJudged(ILogger logger, Exception exception, string connection);
    }
}
