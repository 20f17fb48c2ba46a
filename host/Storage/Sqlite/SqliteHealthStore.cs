using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteHealthStore(SqliteStorage storage) : IHealthStore
{
    public const string Schema6 = """
        CREATE TABLE connection_health (
            connection_id TEXT PRIMARY KEY,
            state TEXT NOT NULL,
            code TEXT,
            reason TEXT,
            repair TEXT,
            since INTEGER NOT NULL,
            tested_at INTEGER,
            next_test_at INTEGER NOT NULL,
            failed_rounds INTEGER NOT NULL,
            tests TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX connection_health_due ON connection_health (next_test_at);
        """;

    private const string Columns = "h.connection_id, h.state, h.code, h.reason, h.repair, h.since, h.tested_at, h.next_test_at, h.failed_rounds, h.tests";

    private const string SelectAll = $"SELECT {Columns} FROM connection_health h JOIN connections c ON c.id = h.connection_id";

    private const string SelectListings =
        $"SELECT {Columns}, c.id, c.project, c.provider, c.environment, c.alias, c.enabled FROM connections c LEFT JOIN connection_health h ON h.connection_id = c.id";

    private const string Upsert = """
        INSERT INTO connection_health (connection_id, state, code, reason, repair, since, tested_at, next_test_at, failed_rounds, tests)
        SELECT $connection_id, $state, $code, $reason, $repair, $since, $tested_at, $next_test_at, $failed_rounds, $tests
        WHERE EXISTS (SELECT 1 FROM connections WHERE id = $connection_id)
        ON CONFLICT (connection_id) DO UPDATE SET
            state = excluded.state, code = excluded.code, reason = excluded.reason, repair = excluded.repair, since = excluded.since, tested_at = excluded.tested_at,
            next_test_at = excluded.next_test_at, failed_rounds = excluded.failed_rounds, tests = excluded.tests
        """;

    private const string SelectNew =
        "SELECT id FROM connections c WHERE enabled = 1 AND NOT EXISTS (SELECT 1 FROM connection_health h WHERE h.connection_id = c.id) ORDER BY id LIMIT $max";

    private const string SelectDue = """
        SELECT h.connection_id FROM connection_health h JOIN connections c ON c.id = h.connection_id
        WHERE h.next_test_at <= $now AND c.enabled = 1 ORDER BY h.next_test_at LIMIT $max
        """;

    private const string SelectCounts = """
        SELECT COALESCE(h.state, 'unknown'), COUNT(*) FROM connections c LEFT JOIN connection_health h ON h.connection_id = c.id
        WHERE c.provider = $provider AND c.enabled = 1 GROUP BY 1
        """;

    private const string Purge = "DELETE FROM connection_health WHERE connection_id NOT IN (SELECT id FROM connections)";

    public Task<IReadOnlyList<HealthRecord>> LoadAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<HealthRecord>>(static session => session.Query(SelectAll, Map), cancellationToken);

    public Task SaveAsync(HealthRecord record, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Upsert,
            ("$connection_id", record.ConnectionId),
            ("$state", HealthWords.Of(record.State)),
            ("$code", record.Code),
            ("$reason", record.Reason),
            ("$repair", record.Repair),
            ("$since", record.Since.ToStored()),
            ("$tested_at", record.TestedAt.ToStored()),
            ("$next_test_at", record.NextTestAt.ToStored()),
            ("$failed_rounds", record.FailedRounds),
            ("$tests", SqliteValues.ToJson(record.Tests))),
        cancellationToken);

    public Task<IReadOnlyList<string>> DueAsync(DateTimeOffset now, int max, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<string>>(
        session =>
        {
            var fresh = session.Query(SelectNew, static row => row.GetString(0), ("$max", max));
            return fresh.Count >= max ? fresh : [.. fresh, .. session.Query(SelectDue, static row => row.GetString(0), ("$now", now.ToStored()), ("$max", max - fresh.Count))];
        },
        cancellationToken);

    public Task<Page<HealthListing>> ListAsync(HealthQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("health", page)
            .Equal("COALESCE(h.state, 'unknown')", query.State is { } state ? HealthWords.Of(state) : null)
            .Equal("c.provider", query.Provider)
            .In("c.project", query.VisibleProjects)
            .ReadById(session, SelectListings, "c.id", MapListing, static listing => listing.ConnectionId),
        cancellationToken);

    public Task<IReadOnlyDictionary<ConnectionHealthState, int>> CountAsync(string provider, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyDictionary<ConnectionHealthState, int>>(
            session => session.Query(SelectCounts, static row => (State: StateOf(row.GetString(0)), Count: row.GetInt32(1)), ("$provider", provider))
                .ToDictionary(static row => row.State, static row => row.Count),
            cancellationToken);

    public Task<int> PurgeAsync(CancellationToken cancellationToken) => storage.WriteAsync(static session => session.Execute(Purge), cancellationToken);

    private static ConnectionHealthState StateOf(string name) =>
        Enum.GetValues<ConnectionHealthState>().Cast<ConnectionHealthState?>().FirstOrDefault(state => HealthWords.Of(state!.Value) == name)
        ?? throw new StorageException($"The database holds the state '{name}' of a connection's health, which this hub does not know.");

    private static HealthListing MapListing(SqliteDataReader row) => new(
        row.GetString(10), row.GetString(11), row.GetString(12), row.GetString(13), row.GetString(14), row.GetBoolean(15), row.IsDBNull(0) ? null : Map(row));

    private static HealthRecord Map(SqliteDataReader row) => new()
    {
        ConnectionId = row.GetString(0),
        State = StateOf(row.GetString(1)),
        Code = row.TextOrNull(2),
        Reason = row.TextOrNull(3),
        Repair = row.TextOrNull(4),
        Since = row.Time(5),
        TestedAt = row.TimeOrNull(6),
        NextTestAt = row.Time(7),
        FailedRounds = row.GetInt32(8),
        Tests = row.Json<ConnectionTestResult[]>(9),
    };
}
