using System.Collections.Concurrent;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Health;

/// <summary>
/// Knows how connections are: puts together what the tests, the tokens and the circuits say, keeps it, and tells of every change. One assessment of a connection at a time.
/// Thread-safe.
/// </summary>
internal sealed partial class HealthMonitor(
    IHealthStore store,
    IConnectionResolver connections,
    IProviderCatalog catalog,
    IEnumerable<IConnectionHealthSource> sources,
    IHubEvents events,
    IOptions<HealthOptions> options,
    TimeProvider time,
    ILogger<HealthMonitor> logger) : IConnectionHealth, IConnectionTestObserver
{
    private readonly HealthOptions options = options.Value;
    private readonly ConcurrentDictionary<string, HealthRecord> known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> gates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> ends = new(StringComparer.Ordinal);

    /// <summary>Call it when the storage is open.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var record in await store.LoadAsync(cancellationToken))
            known[record.ConnectionId] = record;
    }

    public ConnectionHealthState StateOf(string connectionId) => Find(connectionId)?.State ?? ConnectionHealthState.Unknown;

    public HealthRecord? Find(string connectionId) => known.GetValueOrDefault(connectionId);

    /// <summary>Takes in a round of tests.</summary>
    public Task TestedAsync(Connection connection, IReadOnlyList<ConnectionTestResult> results, string correlationId, CancellationToken cancellationToken) =>
        AssessAsync(connection, results, correlationId, cancellationToken);

    /// <summary>Looks again at what tokens and circuits say, without asking the provider.</summary>
    public async Task ReconsiderAsync(string connectionId, CancellationToken cancellationToken)
    {
        if (await connections.FindAsync(connectionId, cancellationToken) is { } connection)
            await AssessAsync(connection, null, Ids.New("health", time), cancellationToken);
        else
            Forget(connectionId);
    }

    /// <summary>The connections whose worst finding has ended or changed by itself since: a pause is over, and nobody called them to notice.</summary>
    public IReadOnlyList<string> TakeEnded()
    {
        var now = time.GetUtcNow();
        return [.. ends.Where(pair => pair.Value <= now && ends.TryRemove(pair)).Select(pair => pair.Key)];
    }

    /// <summary>Sets the next round of a connection that cannot be tested now.</summary>
    public async Task PostponeAsync(string connectionId, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(connectionId, out var record))
            await SaveAsync(record with { NextTestAt = NextTest(record.State) }, cancellationToken);
    }

    /// <summary>Drops what is known of a connection that is gone.</summary>
    public void Forget(string connectionId)
    {
        known.TryRemove(connectionId, out _);
        ends.TryRemove(connectionId, out _);
        gates.TryRemove(connectionId, out _);
    }

    private async Task AssessAsync(Connection connection, IReadOnlyList<ConnectionTestResult>? results, string correlationId, CancellationToken cancellationToken)
    {
        var gate = gates.GetOrAdd(connection.Id, static _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            var before = Find(connection.Id);
            var now = time.GetUtcNow();
            var tests = results ?? before?.Tests ?? [];
            var failedRounds = results is null ? before?.FailedRounds ?? 0 : tests.All(test => test.Ok) ? 0 : (before?.FailedRounds ?? 0) + 1;
            var finding = await WorstAsync(connection, tests, failedRounds, cancellationToken);
            if (finding?.Until is { } end)
                ends[connection.Id] = end;
            else
                ends.TryRemove(connection.Id, out _);

            var tested = results is not null || before?.TestedAt is not null;
            var state = finding?.State ?? (tested ? ConnectionHealthState.Healthy : ConnectionHealthState.Unknown);
            var record = new HealthRecord
            {
                ConnectionId = connection.Id,
                State = state,
                Code = finding?.Code,
                Reason = finding?.Reason,
                Repair = finding?.Repair,
                Since = before?.State == state ? before.Since : now,
                TestedAt = results is null ? before?.TestedAt : now,
                NextTestAt = results is null ? Earlier(before?.NextTestAt ?? now, state) : NextTest(state),
                FailedRounds = failedRounds,
                Tests = tests,
            };
            if (results is null && before is not null && Same(before, record))
                return;

            await SaveAsync(record, cancellationToken);
            if (before?.State != state)
                await TellAsync(connection, before?.State ?? ConnectionHealthState.Unknown, record, correlationId, cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<HealthFinding?> WorstAsync(Connection connection, IReadOnlyList<ConnectionTestResult> tests, int failedRounds, CancellationToken cancellationToken)
    {
        if (catalog.Find(connection.Provider) is not { } provider)
            return new HealthFinding(
                ConnectionHealthState.Failing, "provider_not_loaded", $"The plugin of '{connection.Provider}' is not loaded.", "GET /api/plugins says why; repair or enable the plugin.");

        // Nothing else is worth asking: what does not open sends nothing, so that no test and no token says anything of it.
        if (Closed(connection, provider) is { } closed)
            return closed;

        var worst = TestVerdict.Of(tests, failedRounds, options.RoundsToFail, provider.Manifest.Name);
        foreach (var source in sources)
            if (await source.FindAsync(connection, cancellationToken) is { } finding && (worst is null || finding.State >= worst.State))
                worst = finding;

        return worst;
    }

    private HealthFinding? Closed(Connection connection, LoadedProvider provider)
    {
        try
        {
            connections.Open(connection, provider);
            return null;
        }
        catch (ProblemException fault)
        {
            var (code, repair) = fault.Problem.Code == ConnectionSecrets.UnreadableCode
                ? (ConnectionSecrets.UnreadableCode, "Start the hub with the master key that the secrets were sealed with, or restore the data folder from a backup; else make the connection anew. No call of it goes out until then.")
                : ("misconfigured", $"Correct the connection: PATCH /api/connections/{connection.Id}. It is looked at again by itself.");
            return new HealthFinding(ConnectionHealthState.Failing, code, fault.Message, repair);
        }
    }

    // What has just broken is not left alone for as long as what works.
    private DateTimeOffset Earlier(DateTimeOffset planned, ConnectionHealthState state) =>
        state is ConnectionHealthState.Healthy or ConnectionHealthState.Unknown || NextTest(state) is var sooner && planned <= sooner ? planned : sooner;

    private DateTimeOffset NextTest(ConnectionHealthState state)
    {
        var interval = state is ConnectionHealthState.Healthy ? options.Interval : options.IntervalWhenUnhealthy;
        return time.GetUtcNow() + (interval * (1 + (options.Jitter * ((2 * Random.Shared.NextDouble()) - 1))));
    }

    private async Task SaveAsync(HealthRecord record, CancellationToken cancellationToken)
    {
        await store.SaveAsync(record, cancellationToken);
        known[record.ConnectionId] = record;
    }

    private async Task TellAsync(Connection connection, ConnectionHealthState before, HealthRecord record, string correlationId, CancellationToken cancellationToken)
    {
        if (record.State == ConnectionHealthState.Healthy)
            Log.Healthy(logger, connection.Id, connection.Provider);
        else
            Log.NotHealthy(logger, connection.Id, connection.Provider, record.State, record.Reason);

        // That a new connection works is no news.
        if (record.State == ConnectionHealthState.Unknown || (before == ConnectionHealthState.Unknown && record.State == ConnectionHealthState.Healthy))
            return;

        await events.PublishAsync(
            new HubNotice
            {
                Type = "connection." + HealthWords.Of(record.State),
                Project = connection.Project,
                Environment = connection.Environment,
                Subject = connection.Id,
                CorrelationId = correlationId,
                Data = new { connection = connection.Id, connection.Provider, connection.Alias, state = HealthWords.Of(record.State), before = HealthWords.Of(before), record.Code, record.Reason, record.Repair },
            },
            cancellationToken);
    }

    private static bool Same(HealthRecord one, HealthRecord other) => (one.State, one.Code, one.Reason, one.Repair) == (other.State, other.Code, other.Reason, other.Repair);

    private static partial class Log
    {
        [LoggerMessage(3601, LogLevel.Information, "Connection {Connection} ({Provider}) is healthy")]
        public static partial void Healthy(ILogger logger, string connection, string provider);

        [LoggerMessage(3602, LogLevel.Warning, "Connection {Connection} ({Provider}) is {State}: {Reason}")]
        public static partial void NotHealthy(ILogger logger, string connection, string provider, ConnectionHealthState state, string? reason);
    }
}

internal static class HealthWords
{
    public static string Of(ConnectionHealthState state) => state switch
    {
        ConnectionHealthState.Healthy => "healthy",
        ConnectionHealthState.Degraded => "degraded",
        ConnectionHealthState.Failing => "failing",
        ConnectionHealthState.NeedsReauthorization => "needs_reauthorization",
        _ => "unknown",
    };
}
