using System.Text.Json;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteConnectionStore(SqliteStorage storage) : IConnectionStore
{
    public const string Schema1 = """
        CREATE TABLE connections (
            id TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            provider TEXT NOT NULL,
            environment TEXT NOT NULL,
            alias TEXT NOT NULL,
            auth_id TEXT,
            config TEXT NOT NULL,
            secrets TEXT NOT NULL,
            retired_secrets TEXT NOT NULL,
            wrapped_key BLOB NOT NULL,
            master_key_id TEXT NOT NULL,
            base_url_override TEXT,
            granted_scopes TEXT,
            enabled INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL,
            UNIQUE (project, provider, environment, alias)
        );
        CREATE INDEX connections_by_provider ON connections (provider, id);
        """;

    private const string Columns = """
        id, project, provider, environment, alias, auth_id, config, secrets, retired_secrets, wrapped_key, master_key_id,
        base_url_override, granted_scopes, enabled, created_at, updated_at, version
        """;

    private const string Values = """
        $id, $project, $provider, $environment, $alias, $auth_id, $config, $secrets, $retired_secrets, $wrapped_key, $master_key_id,
        $base_url_override, $granted_scopes, $enabled, $created_at, $updated_at, $version
        """;

    private const string Select = $"SELECT {Columns} FROM connections";

    private const string Insert = $"INSERT INTO connections ({Columns}) VALUES ({Values}) ON CONFLICT (project, provider, environment, alias) DO NOTHING";

    // Without the wrapped key: a change is made from a copy, and the key may have been wrapped anew since that was read.
    private const string Replace = """
        UPDATE connections SET (project, provider, environment, alias, auth_id, config, secrets, retired_secrets, base_url_override, granted_scopes, enabled, updated_at, version)
        = ($project, $provider, $environment, $alias, $auth_id, $config, $secrets, $retired_secrets, $base_url_override, $granted_scopes, $enabled, $updated_at, $version)
        WHERE id = $id
        """;

    /// <summary>Where its rows keep their data keys.</summary>
    public static readonly SqliteWrappedKeys Keys = new("connection", "connections", "wrapped_key", Extra: null, static (id, _) => KeyContexts.Connection(id));

    private const string SelectVersion = "SELECT version FROM connections WHERE id = $id";

    private const string SelectHolder =
        "SELECT id FROM connections WHERE project = $project AND provider = $provider AND environment = $environment AND alias = $alias";

    public Task<bool> TryAddAsync(Connection connection, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Insert, Arguments(connection)) > 0, cancellationToken);

    public Task<Connection?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<Page<Connection>> ListAsync(ConnectionQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("connections", page)
            .Equal("provider", query.Provider)
            .Equal("project", query.Project)
            .In("project", query.VisibleProjects)
            .Equal("environment", query.Environment)
            .ReadById(session, Select, "id", Map, static connection => connection.Id),
        cancellationToken);

    public Task<ConnectionUpdate> UpdateAsync(Connection connection, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            // There is one writer: nothing changes between these statements.
            var version = session.First(SelectVersion, static row => row.GetInt32(0), ("$id", connection.Id));
            if (version == 0)
                return ConnectionUpdate.NotFound;

            if (version != connection.Version - 1)
                return ConnectionUpdate.StaleVersion;

            var holder = session.First(
                SelectHolder,
                static row => row.GetString(0),
                ("$project", connection.Project),
                ("$provider", connection.Provider),
                ("$environment", connection.Environment),
                ("$alias", connection.Alias));
            if (holder is not null && holder != connection.Id)
                return ConnectionUpdate.AliasTaken;

            session.Execute(Replace, Arguments(connection));
            return ConnectionUpdate.Done;
        },
        cancellationToken);

    public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute("DELETE FROM connections WHERE id = $id", ("$id", id)) > 0, cancellationToken);

    private static (string Name, object? Value)[] Arguments(Connection connection) =>
    [
        ("$id", connection.Id),
        ("$project", connection.Project),
        ("$provider", connection.Provider),
        ("$environment", connection.Environment),
        ("$alias", connection.Alias),
        ("$auth_id", connection.AuthId),
        ("$config", connection.Config.GetRawText()),
        ("$secrets", SqliteValues.ToJson(connection.Secrets)),
        ("$retired_secrets", SqliteValues.ToJson(connection.RetiredSecrets)),
        ("$wrapped_key", connection.WrappedKey),
        ("$master_key_id", connection.MasterKeyId),
        ("$base_url_override", connection.BaseUrlOverride),
        ("$granted_scopes", connection.GrantedScopes is { } scopes ? SqliteValues.ToJson(scopes) : null),
        ("$enabled", connection.Enabled.ToStored()),
        ("$created_at", connection.CreatedAt.ToStored()),
        ("$updated_at", connection.UpdatedAt.ToStored()),
        ("$version", connection.Version),
    ];

    private static Connection Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Project = row.GetString(1),
        Provider = row.GetString(2),
        Environment = row.GetString(3),
        Alias = row.GetString(4),
        AuthId = row.TextOrNull(5),
        Config = row.Json<JsonElement>(6),
        Secrets = row.Json<Dictionary<string, SealedSecret>>(7),
        RetiredSecrets = row.Json<RetiredSecret[]>(8),
        WrappedKey = row.Bytes(9),
        MasterKeyId = row.GetString(10),
        BaseUrlOverride = row.TextOrNull(11),
        GrantedScopes = row.IsDBNull(12) ? null : row.Json<string[]>(12),
        Enabled = row.GetBoolean(13),
        CreatedAt = row.Time(14),
        UpdatedAt = row.Time(15),
        Version = row.GetInt32(16),
    };
}
