using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Http;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteReplayStore(SqliteStorage storage) : IReplayStore
{
    public const string Schema11 = """
        CREATE TABLE replays (
            id TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            filter TEXT NOT NULL,
            rate REAL NOT NULL,
            state TEXT NOT NULL,
            total INTEGER NOT NULL,
            made INTEGER NOT NULL,
            skipped INTEGER NOT NULL,
            position INTEGER NOT NULL,
            last INTEGER NOT NULL,
            next_step_at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            correlation_id TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            completed_at INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX replays_running ON replays (next_step_at) WHERE state = 'running';
        """;

    private const string Columns = "id, project, filter, rate, state, total, made, skipped, position, last, next_step_at, actor, correlation_id, created_at, completed_at";

    private const string Select = $"SELECT {Columns} FROM replays";

    private const string Insert = $"""
        INSERT INTO replays ({Columns})
        VALUES ($id, $project, $filter, $rate, $state, $total, 0, 0, 0, $last, $next_step_at, $actor, $correlation_id, $created_at, NULL)
        """;

    private const string Move = """
        UPDATE replays SET made = $made, skipped = $skipped, position = $position, next_step_at = $next_step_at, state = $state, completed_at = $completed_at
        WHERE id = $id AND state = 'running' AND position = $former
        """;

    private const string Cancel = "UPDATE replays SET state = 'cancelled', completed_at = $now WHERE id = $id AND state = 'running'";

    private const string Purge = "DELETE FROM replays WHERE id IN (SELECT id FROM replays WHERE state <> 'running' AND completed_at < $before LIMIT $batch)";

    public Task<Replay> AddAsync(Replay replay, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            var (total, last) = SqliteDeadLetterStore.Measure(session, QueryOf(replay));
            var made = replay with { Total = total, Last = last };
            session.Execute(
                Insert,
                ("$id", made.Id),
                ("$project", made.Project),
                ("$filter", SqliteValues.ToJson(made.Filter)),
                ("$rate", made.Rate),
                ("$state", NameOf(made.State)),
                ("$total", made.Total),
                ("$last", made.Last),
                ("$next_step_at", made.NextStepAt.ToStored()),
                ("$actor", made.Actor),
                ("$correlation_id", made.CorrelationId),
                ("$created_at", made.CreatedAt.ToStored()));
            return made;
        },
        cancellationToken);

    public Task<Replay?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<Page<Replay>> ListAsync(ReplayState? state, IReadOnlySet<string>? visibleProjects, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("replays", page)
            .Equal("state", state is { } one ? NameOf(one) : null)
            .In("project", visibleProjects)
            .ReadById(session, Select, "id", Map, static replay => replay.Id),
        cancellationToken);

    public Task<IReadOnlyList<Replay>> ListRunningAsync(CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<Replay>>(
        static session => session.Query(Select + " WHERE state = 'running' ORDER BY next_step_at", Map), cancellationToken);

    public async Task<Replay?> StepAsync(Replay replay, int batch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Found outside of the writer, which webhooks wait for; claimed one by one within it.
        var found = await storage.ReadAsync(session => SqliteDeadLetterStore.ReadNext(session, QueryOf(replay), replay.Position, replay.Last, batch), cancellationToken);
        return await storage.WriteAsync(
            session =>
            {
                if (session.First(Select + " WHERE id = $id", Map, ("$id", replay.Id)) is not { State: ReplayState.Running } current || current.Position != replay.Position)
                    return null;

                var made = found.Count(one => !one.Replayed && SqliteDeadLetterStore.TryReplay(session, one.Id, now) is not null);
                var isThrough = found.Count < batch;
                var after = current with
                {
                    Made = current.Made + made,
                    Skipped = current.Skipped + found.Count - made,
                    Position = isThrough ? current.Last : found[^1].Number,
                    NextStepAt = now + TimeSpan.FromSeconds(made / current.Rate),
                    State = isThrough ? ReplayState.Completed : ReplayState.Running,
                    CompletedAt = isThrough ? now : null,
                };
                session.Execute(
                    Move,
                    ("$id", after.Id),
                    ("$former", current.Position),
                    ("$made", after.Made),
                    ("$skipped", after.Skipped),
                    ("$position", after.Position),
                    ("$next_step_at", after.NextStepAt.ToStored()),
                    ("$state", NameOf(after.State)),
                    ("$completed_at", after.CompletedAt.ToStored()));
                return after;
            },
            cancellationToken);
    }

    public Task<bool> CancelAsync(string id, DateTimeOffset now, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Cancel, ("$id", id), ("$now", now.ToStored())) > 0, cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int batch, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Purge, ("$before", endedBefore.ToStored()), ("$batch", batch)), cancellationToken);

    private static DeadLetterQuery QueryOf(Replay replay) => replay.Filter with { Project = replay.Project, Replayed = false };

    private static string NameOf(ReplayState state) => state switch
    {
        ReplayState.Running => "running",
        ReplayState.Completed => "completed",
        _ => "cancelled",
    };

    private static ReplayState StateOf(string name) => name switch
    {
        "running" => ReplayState.Running,
        "completed" => ReplayState.Completed,
        "cancelled" => ReplayState.Cancelled,
        _ => throw new StorageException($"The database holds the state '{name}' of a replay, which this hub does not know."),
    };

    private static Replay Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Project = row.GetString(1),
        Filter = row.Json<DeadLetterQuery>(2),
        Rate = row.GetDouble(3),
        State = StateOf(row.GetString(4)),
        Total = row.GetInt64(5),
        Made = row.GetInt64(6),
        Skipped = row.GetInt64(7),
        Position = row.GetInt64(8),
        Last = row.GetInt64(9),
        NextStepAt = row.Time(10),
        Actor = row.GetString(11),
        CorrelationId = row.GetString(12),
        CreatedAt = row.Time(13),
        CompletedAt = row.TimeOrNull(14),
    };
}
