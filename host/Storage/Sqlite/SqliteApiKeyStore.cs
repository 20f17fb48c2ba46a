using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteApiKeyStore(SqliteStorage storage) : IApiKeyStore
{
    public const string Schema1 = """
        CREATE TABLE api_keys (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            projects TEXT NOT NULL,
            hash BLOB NOT NULL UNIQUE,
            ending TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER
        ) WITHOUT ROWID;
        """;

    public const string Schema5 = """
        ALTER TABLE api_keys ADD COLUMN previous_hash BLOB;
        ALTER TABLE api_keys ADD COLUMN previous_valid_until INTEGER;
        ALTER TABLE api_keys ADD COLUMN rotated_at INTEGER;
        CREATE UNIQUE INDEX api_keys_by_previous_hash ON api_keys (previous_hash) WHERE previous_hash IS NOT NULL;
        """;

    private const string Select =
        "SELECT id, name, role, projects, hash, ending, created_at, expires_at, previous_hash, previous_valid_until, rotated_at FROM api_keys";

    private const string Rotate = """
        UPDATE api_keys SET hash = $hash, ending = $ending, previous_hash = $previous_hash, previous_valid_until = $previous_valid_until, rotated_at = $rotated_at
        WHERE id = $id AND hash = $expected
        """;

    private const string IsWithin = "projects <> '[]' AND NOT EXISTS (SELECT 1 FROM json_each(api_keys.projects) WHERE value NOT IN (SELECT value FROM json_each({0})))";

    private const string Insert = """
        INSERT INTO api_keys (id, name, role, projects, hash, ending, created_at, expires_at)
        VALUES ($id, $name, $role, $projects, $hash, $ending, $created_at, $expires_at)
        """;

    public Task AddAsync(ApiKey key, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Insert,
            ("$id", key.Id),
            ("$name", key.Name),
            ("$role", RoleName(key.Role)),
            ("$projects", SqliteValues.ToJson(key.Projects)),
            ("$hash", key.Hash),
            ("$ending", key.Ending),
            ("$created_at", key.CreatedAt.ToStored()),
            ("$expires_at", key.ExpiresAt.ToStored())),
        cancellationToken);

    public Task<ApiKey?> FindByHashAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE hash = $hash OR previous_hash = $hash", Map, ("$hash", hash.ToStored())), cancellationToken);

    public Task<ApiKey?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<Page<ApiKey>> ListAsync(IReadOnlySet<string>? withinProjects, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("keys", page)
            .Where(IsWithin, withinProjects is null ? null : SqliteValues.ToJson(withinProjects))
            .ReadById(session, Select, "id", Map, static key => key.Id),
        cancellationToken);

    public Task<bool> RotateAsync(ApiKey key, ReadOnlyMemory<byte> expectedHash, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Rotate,
            ("$hash", key.Hash),
            ("$ending", key.Ending),
            ("$previous_hash", key.PreviousHash),
            ("$previous_valid_until", key.PreviousValidUntil.ToStored()),
            ("$rotated_at", key.RotatedAt.ToStored()),
            ("$id", key.Id),
            ("$expected", expectedHash.ToStored())) > 0,
        cancellationToken);

    public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute("DELETE FROM api_keys WHERE id = $id", ("$id", id)) > 0, cancellationToken);

    private static ApiKey Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Name = row.GetString(1),
        Role = Role(row.GetString(2)),
        Projects = row.Json<string[]>(3),
        Hash = row.Bytes(4),
        Ending = row.GetString(5),
        CreatedAt = row.Time(6),
        ExpiresAt = row.TimeOrNull(7),
        PreviousHash = row.BytesOrNull(8),
        PreviousValidUntil = row.TimeOrNull(9),
        RotatedAt = row.TimeOrNull(10),
    };

    private static string RoleName(HubRole role) => role switch
    {
        HubRole.Viewer => "viewer",
        HubRole.Developer => "developer",
        HubRole.Operator => "operator",
        HubRole.Admin => "admin",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "No such role."),
    };

    private static HubRole Role(string name) => name switch
    {
        "viewer" => HubRole.Viewer,
        "developer" => HubRole.Developer,
        "operator" => HubRole.Operator,
        "admin" => HubRole.Admin,
        _ => throw new StorageException($"The database holds an API key with the unknown role '{name}'."),
    };
}
