using IntegrationHub.Host.Operations.Idempotency;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteIdempotencyStore(SqliteStorage storage) : IIdempotencyStore
{
    public const string Schema4 = """
        CREATE TABLE idempotent_requests (
            id TEXT PRIMARY KEY,
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint BLOB NOT NULL,
            started_at INTEGER NOT NULL,
            runs_until INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            answer BLOB
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX idempotent_requests_by_key ON idempotent_requests (scope, key);
        CREATE INDEX idempotent_requests_by_expiry ON idempotent_requests (expires_at);
        """;

    private const string Columns = "id, scope, key, fingerprint, started_at, runs_until, expires_at, answer";

    private const string SelectByKey = $"SELECT {Columns} FROM idempotent_requests WHERE scope = $scope AND key = $key";

    private const string Delete = "DELETE FROM idempotent_requests WHERE id = $id";

    private const string Insert = $"""
        INSERT INTO idempotent_requests ({Columns}) VALUES ($id, $scope, $key, $fingerprint, $started_at, $runs_until, $expires_at, NULL)
        """;

    private const string TakeOver =
        "UPDATE idempotent_requests SET runs_until = $until WHERE id = $id AND runs_until = $former AND answer IS NULL";

    private const string Answer = "UPDATE idempotent_requests SET answer = $answer WHERE id = $id";

    private const string Abandon = "UPDATE idempotent_requests SET runs_until = MIN(runs_until, $now) WHERE answer IS NULL";

    private const string Purge =
        "DELETE FROM idempotent_requests WHERE id IN (SELECT id FROM idempotent_requests WHERE expires_at <= $now ORDER BY expires_at LIMIT $batch)";

    public Task<IdempotentRequest?> TryBeginAsync(IdempotentRequest request, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            if (session.First(SelectByKey, Map, ("$scope", request.Scope), ("$key", request.Key)) is { } earlier)
            {
                if (request.StartedAt < earlier.ExpiresAt)
                    return earlier;

                session.Execute(Delete, ("$id", earlier.Id));
            }

            session.Execute(
                Insert,
                ("$id", request.Id),
                ("$scope", request.Scope),
                ("$key", request.Key),
                ("$fingerprint", request.Fingerprint),
                ("$started_at", request.StartedAt.ToStored()),
                ("$runs_until", request.RunsUntil.ToStored()),
                ("$expires_at", request.ExpiresAt.ToStored()));
            return null;
        },
        cancellationToken);

    public Task<bool> TakeOverAsync(IdempotentRequest former, DateTimeOffset runsUntil, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(TakeOver, ("$id", former.Id), ("$former", former.RunsUntil.ToStored()), ("$until", runsUntil.ToStored())) > 0,
        cancellationToken);

    public Task AnswerAsync(string id, byte[] sealedAnswer, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Answer, ("$id", id), ("$answer", sealedAnswer)), cancellationToken);

    public Task ReleaseAsync(string id, CancellationToken cancellationToken) => storage.WriteAsync(session => session.Execute(Delete, ("$id", id)), cancellationToken);

    public Task<int> AbandonAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Abandon, ("$now", now.ToStored())), cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Purge, ("$now", now.ToStored()), ("$batch", batch)), cancellationToken);

    private static IdempotentRequest Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Scope = row.GetString(1),
        Key = row.GetString(2),
        Fingerprint = row.Bytes(3),
        StartedAt = row.Time(4),
        RunsUntil = row.Time(5),
        ExpiresAt = row.Time(6),
        SealedAnswer = row.BytesOrNull(7),
    };
}
