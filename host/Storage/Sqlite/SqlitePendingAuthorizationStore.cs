using IntegrationHub.Host.Connections.OAuth;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqlitePendingAuthorizationStore(SqliteStorage storage) : IPendingAuthorizationStore
{
    public const string Schema3 = """
        CREATE TABLE oauth_pending (
            handle_hash BLOB PRIMARY KEY,
            state_hash BLOB UNIQUE,
            connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            auth_id TEXT NOT NULL,
            binding BLOB NOT NULL,
            scopes TEXT NOT NULL,
            redirect_uri TEXT NOT NULL,
            return_url TEXT,
            actor TEXT NOT NULL,
            actor_name TEXT NOT NULL,
            correlation_id TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            session_hash BLOB,
            sealed_verifier BLOB,
            issuer TEXT,
            issuer_required INTEGER NOT NULL
        );
        CREATE INDEX oauth_pending_by_connection ON oauth_pending (connection_id);
        CREATE INDEX oauth_pending_by_end ON oauth_pending (expires_at);
        """;

    private const string Columns = """
        handle_hash, connection_id, auth_id, binding, scopes, redirect_uri, return_url, actor, actor_name, correlation_id, expires_at, session_hash, sealed_verifier,
        issuer, issuer_required
        """;

    private const string Select = $"SELECT {Columns} FROM oauth_pending";

    private const string Insert = $"""
        INSERT INTO oauth_pending ({Columns})
        VALUES ($handle_hash, $connection_id, $auth_id, $binding, $scopes, $redirect_uri, $return_url, $actor, $actor_name, $correlation_id, $expires_at, NULL, NULL, NULL, 0)
        """;

    private const string Open = """
        UPDATE oauth_pending
        SET state_hash = $state_hash, session_hash = $session_hash, sealed_verifier = $sealed_verifier, issuer = $issuer, issuer_required = $issuer_required
        WHERE handle_hash = $handle_hash AND session_hash IS NULL
        """;

    private const string DeleteByHandle = "DELETE FROM oauth_pending WHERE handle_hash = $handle_hash";

    public Task AddAsync(PendingAuthorization pending, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Insert,
            ("$handle_hash", pending.HandleHash),
            ("$connection_id", pending.ConnectionId),
            ("$auth_id", pending.AuthId),
            ("$binding", pending.Binding),
            ("$scopes", SqliteValues.ToJson(pending.Scopes)),
            ("$redirect_uri", pending.RedirectUri),
            ("$return_url", pending.ReturnUrl),
            ("$actor", pending.Actor),
            ("$actor_name", pending.ActorName),
            ("$correlation_id", pending.CorrelationId),
            ("$expires_at", pending.ExpiresAt.ToStored())),
        cancellationToken);

    public Task<PendingAuthorization?> FindByHandleAsync(byte[] handleHash, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE handle_hash = $handle_hash AND session_hash IS NULL", Map, ("$handle_hash", handleHash)), cancellationToken);

    public Task<bool> TryOpenAsync(
        byte[] handleHash, byte[] stateHash, byte[] sessionHash, byte[]? sealedVerifier, string? issuer, bool issuerRequired, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Open,
            ("$handle_hash", handleHash),
            ("$state_hash", stateHash),
            ("$session_hash", sessionHash),
            ("$sealed_verifier", sealedVerifier),
            ("$issuer", issuer),
            ("$issuer_required", issuerRequired.ToStored())) > 0,
        cancellationToken);

    public Task<PendingAuthorization?> TakeAsync(byte[] stateHash, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            // There is one writer: nobody takes it between these statements.
            var found = session.First(Select + " WHERE state_hash = $state_hash", Map, ("$state_hash", stateHash));
            if (found is not null)
                session.Execute(DeleteByHandle, ("$handle_hash", found.HandleHash));

            return found;
        },
        cancellationToken);

    public async Task<int> PurgeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var stored = before.ToStored();

        // Mostly there is nothing, and a write costs a commit.
        return await storage.ReadAsync(session => session.Any("SELECT 1 FROM oauth_pending WHERE expires_at <= $before LIMIT 1", ("$before", stored)), cancellationToken)
            ? await storage.WriteAsync(session => session.Execute("DELETE FROM oauth_pending WHERE expires_at <= $before", ("$before", stored)), cancellationToken)
            : 0;
    }

    private static PendingAuthorization Map(SqliteDataReader row) => new()
    {
        HandleHash = row.Bytes(0),
        ConnectionId = row.GetString(1),
        AuthId = row.GetString(2),
        Binding = row.Bytes(3),
        Scopes = row.Json<string[]>(4),
        RedirectUri = row.GetString(5),
        ReturnUrl = row.TextOrNull(6),
        Actor = row.GetString(7),
        ActorName = row.GetString(8),
        CorrelationId = row.GetString(9),
        ExpiresAt = row.Time(10),
        SessionHash = row.BytesOrNull(11),
        SealedVerifier = row.BytesOrNull(12),
        Issuer = row.TextOrNull(13),
        IssuerRequired = row.GetBoolean(14),
    };
}
