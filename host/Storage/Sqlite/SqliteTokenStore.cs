using IntegrationHub.Host.Connections.OAuth;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteTokenStore(SqliteStorage storage) : ITokenStore
{
    public const string Schema3 = """
        CREATE TABLE oauth_tokens (
            connection_id TEXT PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
            auth_id TEXT NOT NULL,
            by_person INTEGER NOT NULL,
            binding BLOB NOT NULL,
            sealed BLOB,
            scopes TEXT,
            account_id TEXT,
            obtained_at INTEGER,
            expires_at INTEGER,
            refresh_at INTEGER,
            grant_ends_at INTEGER,
            lost INTEGER NOT NULL,
            fault TEXT,
            retry_at INTEGER,
            last_refresh_at INTEGER,
            version INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX oauth_tokens_due ON oauth_tokens (refresh_at) WHERE by_person = 1 AND lost = 0 AND refresh_at IS NOT NULL;
        """;

    private const string Columns = """
        connection_id, auth_id, by_person, binding, sealed, scopes, account_id, obtained_at, expires_at, refresh_at, grant_ends_at, lost, fault, retry_at,
        last_refresh_at, version
        """;

    private const string Values = """
        $connection_id, $auth_id, $by_person, $binding, $sealed, $scopes, $account_id, $obtained_at, $expires_at, $refresh_at, $grant_ends_at, $lost, $fault, $retry_at,
        $last_refresh_at, $version
        """;

    private const string Select = $"SELECT {Columns} FROM oauth_tokens";

    private const string Insert = $"INSERT INTO oauth_tokens ({Columns}) VALUES ({Values}) ON CONFLICT (connection_id) DO NOTHING";

    private const string Replace = $"UPDATE oauth_tokens SET ({Columns}) = ({Values}) WHERE connection_id = $connection_id AND version = $version - 1";

    private const string SelectConnection = "SELECT 1 FROM connections WHERE id = $id";

    // A failure sends a record to the end of the queue: one that never succeeds has the oldest refresh_at, and would be before all others for ever.
    private const string SelectDue = Select + """
         WHERE by_person = 1 AND lost = 0 AND refresh_at IS NOT NULL AND refresh_at <= $now AND (retry_at IS NULL OR retry_at <= $now)
          AND connection_id NOT IN (SELECT value FROM json_each($except))
        ORDER BY max(refresh_at, coalesce(retry_at, refresh_at)), connection_id LIMIT $limit
        """;

    public Task<TokenRecord?> GetAsync(string connectionId, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE connection_id = $id", Map, ("$id", connectionId)), cancellationToken);

    public Task<IReadOnlyList<TokenRecord>> ListAsync(IReadOnlyCollection<string> connectionIds, CancellationToken cancellationToken)
    {
        var ids = SqliteValues.ToJson(connectionIds);
        return storage.ReadAsync<IReadOnlyList<TokenRecord>>(
            session => session.Query(Select + " WHERE connection_id IN (SELECT value FROM json_each($ids)) ORDER BY connection_id", Map, ("$ids", ids)), cancellationToken);
    }

    public Task<bool> TrySaveAsync(TokenRecord record, CancellationToken cancellationToken) => storage.WriteAsync(
        session => record.Version > 1
            ? session.Execute(Replace, Arguments(record)) > 0
            : session.Any(SelectConnection, ("$id", record.ConnectionId)) && session.Execute(Insert, Arguments(record)) > 0,
        cancellationToken);

    public Task<bool> DeleteAsync(string connectionId, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute("DELETE FROM oauth_tokens WHERE connection_id = $id", ("$id", connectionId)) > 0, cancellationToken);

    public Task<IReadOnlyList<TokenRecord>> ListDueAsync(DateTimeOffset now, IReadOnlyCollection<string> except, int limit, CancellationToken cancellationToken)
    {
        var ids = SqliteValues.ToJson(except);
        return storage.ReadAsync<IReadOnlyList<TokenRecord>>(
            session => session.Query(SelectDue, Map, ("$now", now.ToStored()), ("$except", ids), ("$limit", limit)), cancellationToken);
    }

    private static (string Name, object? Value)[] Arguments(TokenRecord record) =>
    [
        ("$connection_id", record.ConnectionId),
        ("$auth_id", record.AuthId),
        ("$by_person", record.ByPerson.ToStored()),
        ("$binding", record.Binding),
        ("$sealed", record.Sealed),
        ("$scopes", record.Scopes is { } scopes ? SqliteValues.ToJson(scopes) : null),
        ("$account_id", record.AccountId),
        ("$obtained_at", record.ObtainedAt.ToStored()),
        ("$expires_at", record.ExpiresAt.ToStored()),
        ("$refresh_at", record.RefreshAt.ToStored()),
        ("$grant_ends_at", record.GrantEndsAt.ToStored()),
        ("$lost", (record.State == TokenState.ReauthorizationRequired).ToStored()),
        ("$fault", record.Fault is { } fault ? SqliteValues.ToJson(fault) : null),
        ("$retry_at", record.RetryAt.ToStored()),
        ("$last_refresh_at", record.LastRefreshAt.ToStored()),
        ("$version", record.Version),
    ];

    private static TokenRecord Map(SqliteDataReader row) => new()
    {
        ConnectionId = row.GetString(0),
        AuthId = row.GetString(1),
        ByPerson = row.GetBoolean(2),
        Binding = row.Bytes(3),
        Sealed = row.BytesOrNull(4),
        Scopes = row.IsDBNull(5) ? null : row.Json<string[]>(5),
        AccountId = row.TextOrNull(6),
        ObtainedAt = row.TimeOrNull(7),
        ExpiresAt = row.TimeOrNull(8),
        RefreshAt = row.TimeOrNull(9),
        GrantEndsAt = row.TimeOrNull(10),
        State = row.GetBoolean(11) ? TokenState.ReauthorizationRequired : TokenState.Authorized,
        Fault = row.IsDBNull(12) ? null : row.Json<TokenFault>(12),
        RetryAt = row.TimeOrNull(13),
        LastRefreshAt = row.TimeOrNull(14),
        Version = row.GetInt32(15),
    };
}
