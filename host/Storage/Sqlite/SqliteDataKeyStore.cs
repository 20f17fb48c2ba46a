using IntegrationHub.Host.Secrets;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteDataKeyStore(SqliteStorage storage) : IDataKeyStore
{
    public const string Schema1 = """
        CREATE TABLE data_keys (
            id TEXT PRIMARY KEY,
            purpose TEXT NOT NULL,
            master_key_id TEXT NOT NULL,
            wrapped BLOB NOT NULL,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX data_keys_by_purpose ON data_keys (purpose, created_at);
        """;

    private const string Select = "SELECT id, purpose, master_key_id, wrapped, created_at FROM data_keys";

    /// <summary>Where its rows keep the keys.</summary>
    public static readonly SqliteWrappedKeys Keys = new("data key", "data_keys", "wrapped", Extra: "purpose", static (id, purpose) => KeyContexts.DataKey(purpose, id));

    private const string SelectNewest = Select + " WHERE purpose = $purpose ORDER BY created_at DESC, id DESC LIMIT 1";

    private const string Insert =
        "INSERT INTO data_keys (id, purpose, master_key_id, wrapped, created_at) VALUES ($id, $purpose, $master_key_id, $wrapped, $created_at)";

    public Task<IReadOnlyList<DataKey>> ListAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<DataKey>>(static session => session.Query(Select + " ORDER BY created_at, id", Map), cancellationToken);

    public Task<DataKey> GetOrAddAsync(DataKey key, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            if (session.First(SelectNewest, Map, ("$purpose", key.Purpose)) is { } newest)
                return newest;

            Add(session, key);
            return key;
        },
        cancellationToken);

    public Task AddAsync(DataKey key, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => Add(session, key), cancellationToken);

    private static int Add(SqliteSession session, DataKey key) => session.Execute(
        Insert,
        ("$id", key.Id),
        ("$purpose", key.Purpose),
        ("$master_key_id", key.MasterKeyId),
        ("$wrapped", key.Wrapped),
        ("$created_at", key.CreatedAt.ToStored()));

    private static DataKey Map(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), row.GetString(2), row.Bytes(3), row.Time(4));
}
