using System.Collections.Concurrent;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>
/// Refreshes what people granted before it ends, and clears away authorisations that nobody finished. A round begins what is due and waits for none of it, so that an endpoint that hangs
/// (<see cref="RefreshPlaces"/>) does not hold up the next round.
/// </summary>
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

    private readonly ConcurrentDictionary<string, Lazy<Task>> underWay = new(StringComparer.Ordinal);
    private RefreshPlaces places = new();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await keeper.DrainAsync(cancellationToken);
        await WhenIdleAsync(cancellationToken);
    }

    /// <summary>Begins all that is due and not under way. One call at a time.</summary>
    /// <param name="cancellationToken">Also ends what still waits for its turn.</param>
    public async Task StartDueAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await pending.PurgeAsync(now, cancellationToken);

        // Endpoints that are asked no more are forgotten.
        if (underWay.IsEmpty)
            places = new RefreshPlaces();

        var known = underWay.Keys.ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<TokenRecord> due;
        do
        {
            due = await store.ListDueAsync(now, known, Batch, cancellationToken);
            foreach (var record in due)
            {
                known.Add(record.ConnectionId);
                await StartAsync(record, cancellationToken);
            }
        }
        while (due.Count == Batch);
    }

    /// <summary>Waits for what is under way.</summary>
    public Task WhenIdleAsync(CancellationToken cancellationToken) => Task.WhenAll(underWay.Values.Select(work => work.Value)).WaitAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                try
                {
                    await StartDueAsync(stoppingToken);
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

    private async Task StartAsync(TokenRecord record, CancellationToken cancellationToken)
    {
        // One after the other: thousands that fall due together must not all ask the store at once.
        var (id, version) = (record.ConnectionId, record.Version);
        var endpoint = await connections.FindAsync(id, cancellationToken) is { Enabled: true } connection ? keeper.EndpointOf(connection) : null;
        var asked = places;
        _ = underWay.GetOrAdd(id, _ => new Lazy<Task>(() => RunAsync(id, version, endpoint, asked, cancellationToken))).Value;
    }

    private async Task RunAsync(string id, int version, (string Provider, string Endpoint)? endpoint, RefreshPlaces asked, CancellationToken cancellationToken)
    {
        try
        {
            if (endpoint is not { } at || !await RefreshAsync(id, version, at.Provider, at.Endpoint, asked, cancellationToken))
                await keeper.PostponeAsync(id, version, time.GetUtcNow() + Postponed, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The next start finds it due.
        }
        catch (Exception fault)
        {
            Log.Failed(logger, fault, id);
        }
        finally
        {
            underWay.TryRemove(id, out _);
        }
    }

    private async Task<bool> RefreshAsync(string id, int version, string provider, string endpoint, RefreshPlaces asked, CancellationToken cancellationToken)
    {
        using var place = await asked.EnterAsync(provider, endpoint, cancellationToken);

        // It may have waited long, and have been changed meanwhile.
        return await connections.FindAsync(id, cancellationToken) is { Enabled: true } connection && await keeper.RefreshDueAsync(connection, version, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(3511, LogLevel.Warning, "Looking for tokens to refresh failed; the next round tries again")]
        public static partial void RoundFailed(ILogger logger, Exception fault);

        [LoggerMessage(3505, LogLevel.Warning, "The token of connection {Connection} could not be refreshed; the next round tries again")]
        public static partial void Failed(ILogger logger, Exception fault, string connection);
    }
}
