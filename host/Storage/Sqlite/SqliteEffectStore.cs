using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteEffectStore(SqliteStorage storage) : IEffectStore
{
    public const string Schema4 = """
        CREATE TABLE effects (
            id TEXT PRIMARY KEY,
            connection_id TEXT NOT NULL,
            project TEXT NOT NULL,
            environment TEXT NOT NULL,
            provider TEXT NOT NULL,
            operation TEXT NOT NULL,
            actor TEXT NOT NULL,
            correlation_id TEXT NOT NULL,
            parameters_hash BLOB NOT NULL,
            idempotency_key TEXT,
            job_id TEXT,
            request_id TEXT,
            started_at INTEGER NOT NULL,
            completed_at INTEGER,
            verdict TEXT NOT NULL,
            reason TEXT,
            attempts TEXT NOT NULL,
            settlement TEXT
        ) WITHOUT ROWID;
        CREATE INDEX effects_by_connection ON effects (connection_id, id);
        CREATE INDEX effects_by_job ON effects (job_id) WHERE job_id IS NOT NULL;
        CREATE INDEX effects_by_request ON effects (request_id) WHERE request_id IS NOT NULL;
        CREATE INDEX effects_open ON effects (verdict, id) WHERE verdict IN ('pending', 'unknown');
        CREATE INDEX effects_completed ON effects (completed_at) WHERE completed_at IS NOT NULL;
        """;

    private const string Columns =
        "id, connection_id, project, environment, provider, operation, actor, correlation_id, parameters_hash, idempotency_key, job_id, request_id, " +
        "started_at, completed_at, verdict, reason, attempts, settlement";

    private const string Select = $"SELECT {Columns} FROM effects";

    private const string Insert = $"""
        INSERT INTO effects ({Columns})
        VALUES ($id, $connection_id, $project, $environment, $provider, $operation, $actor, $correlation_id, $parameters_hash, $idempotency_key, $job_id, $request_id,
            $started_at, $completed_at, $verdict, $reason, $attempts, $settlement)
        """;

    private const string Complete = """
        UPDATE effects SET completed_at = $completed_at, verdict = $verdict, reason = $reason, attempts = $attempts
        WHERE id = $id AND verdict = 'pending'
        """;

    private const string Settle = "UPDATE effects SET verdict = $verdict, settlement = $settlement WHERE id = $id AND verdict = 'unknown'";

    private const string SelectLeft = Select + " WHERE verdict = 'pending' AND started_at < $started_before ORDER BY id";

    private const string Abandon = """
        UPDATE effects SET verdict = 'unknown', reason = $reason, completed_at = $now
        WHERE verdict = 'pending' AND started_at < $started_before
        """;

    private const string Purge = """
        DELETE FROM effects WHERE id IN (
            SELECT id FROM effects WHERE completed_at < $before AND verdict IN ('succeeded', 'failed') ORDER BY completed_at LIMIT $batch)
        """;

    public Task AddAsync(Effect effect, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Insert,
            ("$id", effect.Id),
            ("$connection_id", effect.ConnectionId),
            ("$project", effect.Project),
            ("$environment", effect.Environment),
            ("$provider", effect.Provider),
            ("$operation", effect.Operation),
            ("$actor", effect.Actor),
            ("$correlation_id", effect.CorrelationId),
            ("$parameters_hash", effect.ParametersHash),
            ("$idempotency_key", effect.IdempotencyKey),
            ("$job_id", effect.JobId),
            ("$request_id", effect.RequestId),
            ("$started_at", effect.StartedAt.ToStored()),
            ("$completed_at", effect.CompletedAt.ToStored()),
            ("$verdict", NameOf(effect.Verdict)),
            ("$reason", effect.Reason),
            ("$attempts", SqliteValues.ToJson(effect.Attempts)),
            ("$settlement", effect.Settlement is { } settlement ? SqliteValues.ToJson(settlement) : null)),
        cancellationToken);

    public Task CompleteAsync(Effect effect, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Complete,
            ("$id", effect.Id),
            ("$completed_at", effect.CompletedAt.ToStored()),
            ("$verdict", NameOf(effect.Verdict)),
            ("$reason", effect.Reason),
            ("$attempts", SqliteValues.ToJson(effect.Attempts))),
        cancellationToken);

    public Task<bool> SettleAsync(string id, EffectSettlement settlement, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(Settle, ("$id", id), ("$verdict", NameOf(settlement.Verdict)), ("$settlement", SqliteValues.ToJson(settlement))) > 0,
        cancellationToken);

    public Task<IReadOnlyList<Effect>> AbandonAsync(DateTimeOffset startedBefore, DateTimeOffset now, string reason, CancellationToken cancellationToken) => storage.WriteAsync<IReadOnlyList<Effect>>(
        session =>
        {
            var left = session.Query(SelectLeft, Map, ("$started_before", startedBefore.ToStored()));
            session.Execute(Abandon, ("$started_before", startedBefore.ToStored()), ("$now", now.ToStored()), ("$reason", reason));
            return [.. left.Select(effect => effect with { Verdict = EffectVerdict.Unknown, Reason = reason, CompletedAt = now })];
        },
        cancellationToken);

    public Task<Effect?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<Page<Effect>> ListAsync(EffectQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("effects", page)
            .Equal("connection_id", query.ConnectionId)
            .Equal("provider", query.Provider)
            .Equal("operation", query.Operation)
            .Where(query.Verdict is { } verdict ? $"verdict = '{NameOf(verdict)}'" : null)
            .Equal("job_id", query.JobId)
            .Equal("request_id", query.RequestId)
            .Between("started_at", query.From, query.To)
            .In("project", query.VisibleProjects)
            .ReadById(session, Select, "id", Map, static effect => effect.Id),
        cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset completedBefore, int batch, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Purge, ("$before", completedBefore.ToStored()), ("$batch", batch)), cancellationToken);

    private static string NameOf(EffectVerdict verdict) => verdict switch
    {
        EffectVerdict.Pending => "pending",
        EffectVerdict.Succeeded => "succeeded",
        EffectVerdict.Failed => "failed",
        _ => "unknown",
    };

    private static EffectVerdict VerdictOf(string name) => name switch
    {
        "pending" => EffectVerdict.Pending,
        "succeeded" => EffectVerdict.Succeeded,
        "failed" => EffectVerdict.Failed,
        "unknown" => EffectVerdict.Unknown,
        _ => throw new StorageException($"The database holds the verdict '{name}', which this hub does not know."),
    };

    private static Effect Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        ConnectionId = row.GetString(1),
        Project = row.GetString(2),
        Environment = row.GetString(3),
        Provider = row.GetString(4),
        Operation = row.GetString(5),
        Actor = row.GetString(6),
        CorrelationId = row.GetString(7),
        ParametersHash = row.Bytes(8),
        IdempotencyKey = row.TextOrNull(9),
        JobId = row.TextOrNull(10),
        RequestId = row.TextOrNull(11),
        StartedAt = row.Time(12),
        CompletedAt = row.TimeOrNull(13),
        Verdict = VerdictOf(row.GetString(14)),
        Reason = row.TextOrNull(15),
        Attempts = row.Json<OperationAttempt[]>(16),
        Settlement = row.IsDBNull(17) ? null : row.Json<EffectSettlement>(17),
    };
}
