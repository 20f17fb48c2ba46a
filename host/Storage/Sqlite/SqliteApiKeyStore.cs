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

    private const string Select = "SELECT id, name, role, projects, hash, ending, created_at, expires_at FROM api_keys";

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
        storage.ReadAsync(session => session.First(Select + " WHERE hash = $hash", Map, ("$hash", hash.ToStored())), cancellationToken);

    public Task<ApiKey?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<Page<ApiKey>> ListAsync(PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("keys", page).ReadById(session, Select, "id", Map, static key => key.Id),
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
