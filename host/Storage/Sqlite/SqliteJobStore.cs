using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Jobs;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteJobStore(SqliteStorage storage) : IJobStore
{
    public const string Schema4 = """
        CREATE TABLE jobs (
            id TEXT PRIMARY KEY,
            connection_id TEXT NOT NULL,
            project TEXT NOT NULL,
            environment TEXT NOT NULL,
            provider TEXT NOT NULL,
            operation TEXT NOT NULL,
            actor TEXT NOT NULL,
            address TEXT,
            correlation_id TEXT NOT NULL,
            idempotency_key TEXT NOT NULL,
            input BLOB NOT NULL,
            state TEXT NOT NULL,
            begun INTEGER NOT NULL,
            earlier_rounds INTEGER NOT NULL DEFAULT 0,
            next_run_at INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            completed_at INTEGER,
            error_code TEXT,
            reason TEXT,
            result BLOB,
            effect_id TEXT,
            runs TEXT NOT NULL,
            lease_owner TEXT,
            lease_until INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX jobs_due ON jobs (next_run_at) WHERE state = 'queued';
        CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
        CREATE INDEX jobs_by_state ON jobs (state, id);
        CREATE INDEX jobs_by_connection ON jobs (connection_id, id);
        CREATE INDEX jobs_completed ON jobs (completed_at) WHERE completed_at IS NOT NULL;
        """;

    private const string Summary =
        "id, connection_id, project, environment, provider, operation, actor, address, correlation_id, idempotency_key, state, begun, next_run_at, created_at, completed_at, " +
        "error_code, reason, effect_id, runs, earlier_rounds";

    private const string Columns = Summary + ", input, result";

    private const string Select = $"SELECT {Columns} FROM jobs WHERE id = $id";

    // In lists, input and result stay where they are.
    private const string SelectSummary = $"SELECT {Summary}, x'', NULL FROM jobs";

    private const string Insert = $"""
        INSERT INTO jobs ({Columns})
        VALUES ($id, $connection_id, $project, $environment, $provider, $operation, $actor, $address, $correlation_id, $idempotency_key, $state, $begun, $next_run_at, $created_at,
            NULL, NULL, NULL, NULL, '[]', 0, $input, NULL)
        """;

    private const string IsOfOthers = "connection_id NOT IN (SELECT value FROM json_each($except))";

    private const string IsNotRun = "NOT (lease_owner = $owner AND id IN (SELECT value FROM json_each($runs)))";

    private const string Lease = $"""
        UPDATE jobs SET state = 'running', begun = begun + 1, lease_owner = $owner, lease_until = $until
        WHERE id IN (
            SELECT id FROM (
                SELECT * FROM (SELECT id, next_run_at FROM jobs WHERE state = 'queued' AND next_run_at <= $now AND {IsOfOthers} ORDER BY next_run_at LIMIT $max)
                UNION ALL
                SELECT * FROM (SELECT id, next_run_at FROM jobs WHERE state = 'running' AND lease_until <= $now AND {IsOfOthers} AND {IsNotRun} ORDER BY lease_until LIMIT $max))
            ORDER BY next_run_at LIMIT $max)
        RETURNING {Columns}
        """;

    private const string Record = """
        UPDATE jobs
        SET state = $state, next_run_at = $next_run_at, completed_at = $completed_at, error_code = $error_code, reason = $reason, result = $result, effect_id = $effect_id,
            runs = $runs, lease_owner = NULL, lease_until = NULL
        WHERE id = $id AND state = 'running' AND lease_owner = $owner
        """;

    private const string GiveBack = """
        UPDATE jobs SET state = 'queued', begun = begun - 1, lease_owner = NULL, lease_until = NULL
        WHERE id IN (SELECT value FROM json_each($ids)) AND state = 'running' AND lease_owner = $owner
        """;

    private const string Abandon = "UPDATE jobs SET lease_until = 0 WHERE state = 'running'";

    private const string SelectDue = "SELECT next_run_at FROM jobs WHERE state = 'queued' ORDER BY next_run_at LIMIT 1";

    private const string SelectLeaseEnd = "SELECT lease_until FROM jobs WHERE state = 'running' ORDER BY lease_until LIMIT 1";

    // A job that is queued again starts its schedule anew, and keeps its history.
    private const string Move = """
        UPDATE jobs
        SET state = $to, next_run_at = $now, completed_at = $completed_at, reason = $reason,
            error_code = CASE WHEN $to = 'succeeded' THEN NULL ELSE error_code END,
            earlier_rounds = CASE WHEN $to = 'queued' THEN begun ELSE earlier_rounds END
        WHERE id = $id AND state = $from
        """;

    private const string Purge = """
        DELETE FROM jobs WHERE id IN (
            SELECT id FROM jobs WHERE completed_at < $before AND state IN ('succeeded', 'dead', 'cancelled') ORDER BY completed_at LIMIT $batch)
        """;

    public Task AddAsync(Job job, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Insert,
            ("$id", job.Id),
            ("$connection_id", job.ConnectionId),
            ("$project", job.Project),
            ("$environment", job.Environment),
            ("$provider", job.Provider),
            ("$operation", job.Operation),
            ("$actor", job.Actor),
            ("$address", job.Address),
            ("$correlation_id", job.CorrelationId),
            ("$idempotency_key", job.IdempotencyKey),
            ("$state", NameOf(job.State)),
            ("$begun", job.Begun),
            ("$next_run_at", job.NextRunAt.ToStored()),
            ("$created_at", job.CreatedAt.ToStored()),
            ("$input", job.SealedInput)),
        cancellationToken,
        job.SealedInput.Length);

    public Task<IReadOnlyList<Job>> LeaseAsync(
        string owner, DateTimeOffset now, TimeSpan leaseFor, int max, IReadOnlyCollection<string> exceptConnections, IReadOnlyCollection<string> runs, CancellationToken cancellationToken)
    {
        var (except, mine) = (SqliteValues.ToJson(exceptConnections), SqliteValues.ToJson(runs));
        return storage.WriteAsync<IReadOnlyList<Job>>(
            session => session.Query(
                Lease, Map, ("$owner", owner), ("$now", now.ToStored()), ("$until", (now + leaseFor).ToStored()), ("$max", max), ("$except", except), ("$runs", mine)),
            cancellationToken);
    }

    public Task RecordAsync(string owner, Job job, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Record,
            ("$id", job.Id),
            ("$owner", owner),
            ("$state", NameOf(job.State)),
            ("$next_run_at", job.NextRunAt.ToStored()),
            ("$completed_at", job.CompletedAt.ToStored()),
            ("$error_code", job.ErrorCode),
            ("$reason", job.Reason),
            ("$result", job.SealedResult),
            ("$effect_id", job.EffectId),
            ("$runs", SqliteValues.ToJson(job.Runs))),
        cancellationToken,
        job.SealedResult?.Length ?? 0);

    public Task ReleaseAsync(string owner, IReadOnlyList<string> ids, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(GiveBack, ("$ids", SqliteValues.ToJson(ids)), ("$owner", owner)), cancellationToken);

    public Task<int> AbandonAsync(CancellationToken cancellationToken) => storage.WriteAsync(session => session.Execute(Abandon), cancellationToken);

    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) => storage.ReadAsync<DateTimeOffset?>(
        static session =>
        {
            var due = session.First<long?>(SelectDue, static row => row.GetInt64(0));
            var end = session.First<long?>(SelectLeaseEnd, static row => row.GetInt64(0));
            return (due, end) switch
            {
                (null, null) => null,
                ({ } first, { } second) => SqliteValues.FromStored(Math.Min(first, second)),
                _ => SqliteValues.FromStored(due ?? end!.Value),
            };
        },
        cancellationToken);

    public Task<Job?> GetAsync(string id, CancellationToken cancellationToken) => storage.ReadAsync(session => session.First(Select, Map, ("$id", id)), cancellationToken);

    public Task<Page<Job>> ListAsync(JobQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("jobs", page)
            .Equal("state", query.State is { } state ? NameOf(state) : null)
            .Equal("connection_id", query.ConnectionId)
            .Equal("provider", query.Provider)
            .Equal("operation", query.Operation)
            .Between("created_at", query.From, query.To)
            .In("project", query.VisibleProjects)
            .ReadById(session, SelectSummary, "id", Map, static job => job.Id),
        cancellationToken);

    public Task<bool> MoveAsync(string id, JobState from, JobState to, DateTimeOffset now, string? reason, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Move,
            ("$id", id),
            ("$from", NameOf(from)),
            ("$to", NameOf(to)),
            ("$now", now.ToStored()),
            ("$completed_at", to == JobState.Queued ? null : now.ToStored()),
            ("$reason", reason)) > 0,
        cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset completedBefore, int batch, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Purge, ("$before", completedBefore.ToStored()), ("$batch", batch)), cancellationToken);

    private static string NameOf(JobState state) => state switch
    {
        JobState.Queued => "queued",
        JobState.Running => "running",
        JobState.Succeeded => "succeeded",
        JobState.Dead => "dead",
        JobState.Unknown => "unknown",
        _ => "cancelled",
    };

    private static JobState StateOf(string name) => name switch
    {
        "queued" => JobState.Queued,
        "running" => JobState.Running,
        "succeeded" => JobState.Succeeded,
        "dead" => JobState.Dead,
        "unknown" => JobState.Unknown,
        "cancelled" => JobState.Cancelled,
        _ => throw new StorageException($"The database holds the state '{name}' of a job, which this hub does not know."),
    };

    private static Job Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        ConnectionId = row.GetString(1),
        Project = row.GetString(2),
        Environment = row.GetString(3),
        Provider = row.GetString(4),
        Operation = row.GetString(5),
        Actor = row.GetString(6),
        Address = row.TextOrNull(7),
        CorrelationId = row.GetString(8),
        IdempotencyKey = row.GetString(9),
        State = StateOf(row.GetString(10)),
        Begun = row.GetInt32(11),
        NextRunAt = row.Time(12),
        CreatedAt = row.Time(13),
        CompletedAt = row.TimeOrNull(14),
        ErrorCode = row.TextOrNull(15),
        Reason = row.TextOrNull(16),
        EffectId = row.TextOrNull(17),
        Runs = row.Json<JobRun[]>(18),
        EarlierRounds = row.GetInt32(19),
        SealedInput = row.Bytes(20),
        SealedResult = row.BytesOrNull(21),
    };
}
