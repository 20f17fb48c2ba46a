using IntegrationHub.Host.Events;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteEndpointStateStore(SqliteStorage storage) : IEndpointStateStore
{
    public const string Schema10 = """
        CREATE TABLE endpoint_states (
            subscription_id TEXT PRIMARY KEY REFERENCES subscriptions (id) ON DELETE CASCADE,
            failing_since INTEGER,
            last_failure_at INTEGER,
            last_success_at INTEGER,
            failures INTEGER NOT NULL,
            breaks INTEGER NOT NULL,
            open_until INTEGER,
            paused INTEGER NOT NULL,
            warned INTEGER NOT NULL,
            last_error TEXT
        ) WITHOUT ROWID;
        """;

    private const string Columns = "subscription_id, failing_since, last_failure_at, last_success_at, failures, breaks, open_until, paused, warned, last_error";

    private const string SelectAll = $"SELECT {Columns} FROM endpoint_states";

    private const string Upsert = $"""
        INSERT INTO endpoint_states ({Columns})
        SELECT $subscription_id, $failing_since, $last_failure_at, $last_success_at, $failures, $breaks, $open_until, $paused, $warned, $last_error
        WHERE EXISTS (SELECT 1 FROM subscriptions WHERE id = $subscription_id)
        ON CONFLICT (subscription_id) DO UPDATE SET
            failing_since = excluded.failing_since, last_failure_at = excluded.last_failure_at, last_success_at = excluded.last_success_at, failures = excluded.failures,
            breaks = excluded.breaks, open_until = excluded.open_until, paused = excluded.paused, warned = excluded.warned, last_error = excluded.last_error
        """;

    public Task<IReadOnlyList<EndpointState>> LoadAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<EndpointState>>(static session => session.Query(SelectAll, Map), cancellationToken);

    public Task SaveAsync(IReadOnlyList<EndpointState> states, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            foreach (var state in states)
            {
                session.Execute(
                    Upsert,
                    ("$subscription_id", state.SubscriptionId),
                    ("$failing_since", state.FailingSince.ToStored()),
                    ("$last_failure_at", state.LastFailureAt.ToStored()),
                    ("$last_success_at", state.LastSuccessAt.ToStored()),
                    ("$failures", state.Failures),
                    ("$breaks", state.Breaks),
                    ("$open_until", state.OpenUntil.ToStored()),
                    ("$paused", state.Paused.ToStored()),
                    ("$warned", state.Warned),
                    ("$last_error", state.LastError));
            }

            return states.Count;
        },
        cancellationToken);

    private static EndpointState Map(SqliteDataReader row) => new()
    {
        SubscriptionId = row.GetString(0),
        FailingSince = row.TimeOrNull(1),
        LastFailureAt = row.TimeOrNull(2),
        LastSuccessAt = row.TimeOrNull(3),
        Failures = row.GetInt32(4),
        Breaks = row.GetInt32(5),
        OpenUntil = row.TimeOrNull(6),
        Paused = row.GetBoolean(7),
        Warned = row.GetInt32(8),
        LastError = row.TextOrNull(9),
    };
}
