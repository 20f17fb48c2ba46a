using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteUsageStore(SqliteStorage storage) : IUsageStore
{
    public const string Schema1 = """
        CREATE TABLE usage (
            sequence INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            connection_id TEXT NOT NULL,
            project TEXT NOT NULL,
            provider TEXT NOT NULL,
            operation TEXT NOT NULL,
            actor TEXT NOT NULL,
            correlation_id TEXT NOT NULL,
            duration INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            provider_status INTEGER,
            provider_request_id TEXT
        );
        CREATE INDEX usage_by_connection ON usage (connection_id);
        CREATE INDEX usage_by_provider ON usage (provider);
        CREATE INDEX usage_by_time ON usage (time);
        """;

    private const string Columns =
        "time, connection_id, project, provider, operation, actor, correlation_id, duration, attempts, outcome, provider_status, provider_request_id";

    private const string Select = $"SELECT {Columns}, sequence FROM usage";

    private const string Insert = $"""
        INSERT INTO usage ({Columns})
        VALUES ($time, $connection_id, $project, $provider, $operation, $actor, $correlation_id, $duration, $attempts, $outcome, $provider_status, $provider_request_id)
        """;

    public Task AddAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            foreach (var record in records)
                Add(session, record);

            return records.Count;
        },
        cancellationToken);

    public async Task<Page<UsageRecord>> ListAsync(UsageQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        var rows = await storage.ReadAsync(
            session => new SqliteFilter("usage", page)
                .Equal("connection_id", query.ConnectionId)
                .Equal("provider", query.Provider)
                .In("project", query.VisibleProjects)
                .ReadByNumber(session, Select, "sequence", static row => (Sequence: row.GetInt64(12), Record: Map(row)), static row => row.Sequence),
            cancellationToken);
        return rows.Select(static row => row.Record);
    }

    private static void Add(SqliteSession session, UsageRecord record) => session.Execute(
        Insert,
        ("$time", record.Time.ToStored()),
        ("$connection_id", record.ConnectionId),
        ("$project", record.Project),
        ("$provider", record.Provider),
        ("$operation", record.Operation),
        ("$actor", record.Actor),
        ("$correlation_id", record.CorrelationId),
        ("$duration", record.Duration.Ticks),
        ("$attempts", record.Attempts),
        ("$outcome", record.Outcome),
        ("$provider_status", record.ProviderStatus),
        ("$provider_request_id", record.ProviderRequestId));

    private static UsageRecord Map(SqliteDataReader row) => new()
    {
        Time = row.Time(0),
        ConnectionId = row.GetString(1),
        Project = row.GetString(2),
        Provider = row.GetString(3),
        Operation = row.GetString(4),
        Actor = row.GetString(5),
        CorrelationId = row.GetString(6),
        Duration = TimeSpan.FromTicks(row.GetInt64(7)),
        Attempts = row.GetInt32(8),
        Outcome = row.GetString(9),
        ProviderStatus = row.NumberOrNull(10),
        ProviderRequestId = row.TextOrNull(11),
    };
}
