using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Events.Stream;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events.Retention;

/// <summary>
/// Deletes what is no longer kept. In slices of a few milliseconds with pauses between them, which grow with the time that others wait for the writer: taking webhooks comes first.
/// </summary>
internal sealed partial class RetentionWorker(
    IEventStore store, IRetentionStore retention, IReplayStore replays, RetentionRegistry registry, EventFeed feed, IOptions<RetentionOptions> options, TimeProvider time,
    ILogger<RetentionWorker> logger) : BackgroundService
{
    private static readonly TimeSpan FullRound = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    // How far each walk has come, so that a round does not look again at what others keep longer. Once a day all begin anew: what a pending delivery held then may be free by now.
    // So do they when the times change: what was passed over for a project may be due under its new ones.
    private readonly Dictionary<(RetentionKind Kind, string Projects), long> positions = [];
    private readonly RetentionOptions options = options.Value;
    private DateTimeOffset begunAnew;
    private RetentionSnapshot times = registry.Current;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
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
        var (total, events) = (0, 0);
        try
        {
            var now = time.GetUtcNow();
            if (now - begunAnew >= FullRound || now < begunAnew || times != registry.Current)
            {
                positions.Clear();
                begunAnew = now;
                times = registry.Current;
            }

            total += await PurgeExpiredAsync(now, cancellationToken);

            // As long as the events they were about; there are few.
            total += await replays.PurgeAsync(Ago(now, options.Events), options.Batch, cancellationToken);
            foreach (var walk in Walks(now))
            {
                var deleted = await WalkAsync(walk, cancellationToken);
                total += deleted;
                events += walk.Kind == RetentionKind.Events ? deleted : 0;
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.PurgeFailed(logger, exception);
        }

        // On a quiet hub the newest events, which open streams share in memory, are old ones too.
        if (events > 0)
            feed.Forget();

        if (total > 0)
            Log.Purged(logger, total);
        return total;
    }

    /// <summary>One walk for each time that something is kept: those of the projects with a time of their own, and one for all others.</summary>
    public IEnumerable<RetentionWalk> Walks(DateTimeOffset now)
    {
        foreach (var kind in Enum.GetValues<RetentionKind>())
        {
            var own = times.Projects.Select(project => (Name: project.Key, Keep: KeepOf(kind, project.Value))).Where(project => project.Keep is not null).ToList();
            foreach (var same in own.GroupBy(project => project.Keep!.Value))
                yield return new RetentionWalk(kind, Ago(now, same.Key), same.Select(project => project.Name).ToHashSet(StringComparer.Ordinal), Only: true);

            yield return new RetentionWalk(kind, Ago(now, KeepOf(kind)), own.Select(project => project.Name).ToHashSet(StringComparer.Ordinal), Only: false);
        }
    }

    private async Task<int> PurgeExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (total, deleted, batch) = (0, 0, Math.Min(options.Batch, 100));
        do
        {
            var started = time.GetTimestamp();
            deleted = await store.PurgeExpiredAsync(now, batch, cancellationToken);
            total += deleted;
            if (deleted >= batch)
                await PauseAsync(time.GetElapsedTime(started), cancellationToken);
        }
        while (deleted >= batch);
        return total;
    }

    private async Task<int> WalkAsync(RetentionWalk walk, CancellationToken cancellationToken)
    {
        var key = (walk.Kind, walk.Only ? string.Join(' ', walk.Projects.Order(StringComparer.Ordinal)) : "*");
        var total = 0;

        // Times that change meanwhile may keep longer what this walk would delete: the rest is the next round's.
        while (times == registry.Current)
        {
            var started = time.GetTimestamp();
            var slice = await retention.PurgeAsync(walk, positions.GetValueOrDefault(key), options.Batch, options.Slice, cancellationToken);
            positions[key] = slice.Position;
            total += slice.Deleted;
            if (!slice.HasMore)
                return total;

            if (slice.Held > TimeSpan.Zero)
                await PauseAsync(time.GetElapsedTime(started), cancellationToken);
        }

        return total;
    }

    /// <summary>The time a slice took has the time in it that it waited for the writer: the busier that is, the longer the pause.</summary>
    private Task PauseAsync(TimeSpan taken, CancellationToken cancellationToken)
    {
        var pause = taken * options.Yield;
        pause = pause < LongestPause ? pause : LongestPause;
        return pause > TimeSpan.Zero ? Task.Delay(pause, time, cancellationToken) : Task.CompletedTask;
    }

    private TimeSpan KeepOf(RetentionKind kind) => kind switch
    {
        RetentionKind.Attempts => options.Attempts,
        RetentionKind.Deliveries => options.Deliveries,
        _ => options.Events,
    };

    private static TimeSpan? KeepOf(RetentionKind kind, ProjectRetention project) => kind switch
    {
        RetentionKind.Attempts => project.Attempts,
        RetentionKind.Deliveries => project.Deliveries,
        _ => project.Events,
    };

    private static DateTimeOffset Ago(DateTimeOffset now, TimeSpan keep) => now - DateTimeOffset.UnixEpoch > keep ? now - keep : DateTimeOffset.UnixEpoch;

    private static partial class Log
    {
        [LoggerMessage(3201, LogLevel.Debug, "Deleted {Count} rows that are no longer kept")]
        public static partial void Purged(ILogger logger, int count);

        [LoggerMessage(3202, LogLevel.Warning, "Deleting what expired failed; the next round tries again")]
        public static partial void PurgeFailed(ILogger logger, Exception exception);
    }
}
