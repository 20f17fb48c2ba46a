using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteWrappedKeyStore(SqliteStorage storage, TimeProvider time) : IWrappedKeyStore
{
    /// <summary>The triggers are for a writer that took its data key under a master key that was retired before it wrote: its row must not come to be.</summary>
    public const string Schema5 = """
        CREATE TABLE retired_master_keys (
            id TEXT PRIMARY KEY,
            retired_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX connections_by_master_key ON connections (master_key_id, id);
        CREATE INDEX subscriptions_by_master_key ON subscriptions (master_key_id, id);
        CREATE TRIGGER connections_are_not_under_a_retired_key BEFORE INSERT ON connections
            WHEN NEW.master_key_id IN (SELECT id FROM retired_master_keys)
            BEGIN SELECT RAISE(ABORT, 'The master key is retired.'); END;
        CREATE TRIGGER subscriptions_are_not_under_a_retired_key BEFORE INSERT ON subscriptions
            WHEN NEW.master_key_id IN (SELECT id FROM retired_master_keys)
            BEGIN SELECT RAISE(ABORT, 'The master key is retired.'); END;
        CREATE TRIGGER data_keys_are_not_under_a_retired_key BEFORE INSERT ON data_keys
            WHEN NEW.master_key_id IN (SELECT id FROM retired_master_keys)
            BEGIN SELECT RAISE(ABORT, 'The master key is retired.'); END;
        """;

    /// <summary>Every table with wrapped keys, the hub's own first: they are few, and everything else depends on them.</summary>
    private static readonly SqliteWrappedKeys[] Tables = [SqliteDataKeyStore.Keys, SqliteSubscriptionStore.Keys, SqliteConnectionStore.Keys];

    private const string Retire = "INSERT INTO retired_master_keys (id, retired_at) VALUES ($id, $now) ON CONFLICT (id) DO NOTHING";

    private const string Revive = "DELETE FROM retired_master_keys WHERE id = $id";

    public Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken) => storage.ReadAsync(
        static session =>
        {
            var counts = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var table in Tables)
                foreach (var (id, count) in session.Query($"SELECT master_key_id, COUNT(*) FROM {table.Table} GROUP BY master_key_id", static row => (row.GetString(0), row.GetInt64(1))))
                    counts[id] = counts.GetValueOrDefault(id) + count;

            return (IReadOnlyDictionary<string, long>)counts;
        },
        cancellationToken);

    public Task<IReadOnlyList<WrappedKeyRow>> ListAsync(string masterKeyId, WrappedKeyRow? after, int limit, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<WrappedKeyRow>>(
        session =>
        {
            var rows = new List<WrappedKeyRow>(limit);
            var from = after is null ? 0 : Array.FindIndex(Tables, table => table.Kind == after.Kind);
            for (var i = from; i < Tables.Length && rows.Count < limit; i++)
            {
                var table = Tables[i];
                rows.AddRange(session.Query(
                    $"SELECT id, {table.Extra ?? "''"}, {table.Column} FROM {table.Table} WHERE master_key_id = $key AND id > $after ORDER BY id LIMIT $limit",
                    row => new WrappedKeyRow(table.Kind, row.GetString(0), table.Context(row.GetString(0), row.GetString(1)), row.Bytes(2)),
                    ("$key", masterKeyId),
                    ("$after", i == from && after is not null ? after.Id : ""),
                    ("$limit", limit - rows.Count)));
            }

            return rows;
        },
        cancellationToken);

    public Task<int> ReplaceAsync(IReadOnlyList<Rewrapping> rows, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            var changed = 0;
            foreach (var (row, wrapped, masterKeyId) in rows)
            {
                var table = Array.Find(Tables, table => table.Kind == row.Kind)!;
                changed += session.Execute(
                    $"UPDATE {table.Table} SET {table.Column} = $wrapped, master_key_id = $key WHERE id = $id AND {table.Column} = $before",
                    ("$wrapped", wrapped),
                    ("$key", masterKeyId),
                    ("$id", row.Id),
                    ("$before", row.Wrapped));
            }

            return changed;
        },
        cancellationToken);

    public Task<bool> TryRetireAsync(string masterKeyId, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            // There is one writer: nothing is added between these statements.
            foreach (var table in Tables)
                if (session.Any($"SELECT 1 FROM {table.Table} WHERE master_key_id = $key LIMIT 1", ("$key", masterKeyId)))
                    return false;

            session.Execute(Retire, ("$id", masterKeyId), ("$now", time.GetUtcNow().ToStored()));
            return true;
        },
        cancellationToken);

    public Task ReviveAsync(string masterKeyId, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Revive, ("$id", masterKeyId)), cancellationToken);
}
