using IntegrationHub.Host.Plugins;
using IntegrationHub.Schemas;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqlitePluginStateStore(SqliteStorage storage) : IPluginStateStore
{
    public const string Schema2 = """
        CREATE TABLE plugin_states (
            id TEXT PRIMARY KEY,
            disabled_at INTEGER,
            quarantined_at INTEGER,
            quarantine_pointer TEXT,
            quarantine_message TEXT,
            quarantine_hint TEXT,
            quarantine_sha256 TEXT
        ) WITHOUT ROWID;
        """;

    private const string SelectAll =
        "SELECT id, disabled_at, quarantined_at, quarantine_pointer, quarantine_message, quarantine_hint, quarantine_sha256 FROM plugin_states ORDER BY id";

    private const string Upsert = """
        INSERT INTO plugin_states (id, disabled_at, quarantined_at, quarantine_pointer, quarantine_message, quarantine_hint, quarantine_sha256)
        VALUES ($id, $disabled_at, $quarantined_at, $pointer, $message, $hint, $sha256)
        ON CONFLICT (id) DO UPDATE SET
            disabled_at = excluded.disabled_at,
            quarantined_at = excluded.quarantined_at,
            quarantine_pointer = excluded.quarantine_pointer,
            quarantine_message = excluded.quarantine_message,
            quarantine_hint = excluded.quarantine_hint,
            quarantine_sha256 = excluded.quarantine_sha256
        """;

    private const string Delete = "DELETE FROM plugin_states WHERE id = $id";

    public Task<IReadOnlyList<PluginStanding>> ListAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<PluginStanding>>(static session => session.Query(SelectAll, Map), cancellationToken);

    public Task SaveAsync(PluginStanding standing, CancellationToken cancellationToken) => storage.WriteAsync(
        session => standing.IsPlain
            ? session.Execute(Delete, ("$id", standing.Id))
            : session.Execute(
                Upsert,
                ("$id", standing.Id),
                ("$disabled_at", standing.DisabledAt.ToStored()),
                ("$quarantined_at", standing.Quarantine?.Since.ToStored()),
                ("$pointer", standing.Quarantine?.Reason.Pointer),
                ("$message", standing.Quarantine?.Reason.Message),
                ("$hint", standing.Quarantine?.Reason.Hint),
                ("$sha256", standing.Quarantine?.Sha256)),
        cancellationToken);

    private static PluginStanding Map(SqliteDataReader row) => new(row.GetString(0))
    {
        DisabledAt = row.TimeOrNull(1),
        Quarantine = row.TimeOrNull(2) is { } since
            ? new PluginQuarantine(new ValidationIssue(row.GetString(3), row.GetString(4), row.TextOrNull(5)), since, row.TextOrNull(6))
            : null,
    };
}
