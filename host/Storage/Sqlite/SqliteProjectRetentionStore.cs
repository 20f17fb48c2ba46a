using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Retention;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteProjectRetentionStore(SqliteStorage storage) : IProjectRetentionStore
{
    /// <summary>Times are in seconds.</summary>
    public const string Schema14 = """
        CREATE TABLE project_retention (
            project TEXT PRIMARY KEY,
            raw_bodies INTEGER,
            events INTEGER,
            deliveries INTEGER,
            attempts INTEGER,
            changed_at INTEGER NOT NULL,
            changed_by TEXT NOT NULL
        ) WITHOUT ROWID;
        """;

    private const string Columns = "project, raw_bodies, events, deliveries, attempts, changed_at, changed_by";

    private const string SelectAll = $"SELECT {Columns} FROM project_retention ORDER BY project";

    private const string Upsert = $"""
        INSERT INTO project_retention ({Columns}) VALUES ($project, $raw_bodies, $events, $deliveries, $attempts, $changed_at, $changed_by)
        ON CONFLICT (project) DO UPDATE SET
            raw_bodies = excluded.raw_bodies, events = excluded.events, deliveries = excluded.deliveries, attempts = excluded.attempts,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """;

    private const string Delete = "DELETE FROM project_retention WHERE project = $project";

    public Task<IReadOnlyList<SetRetention>> ListAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<SetRetention>>(static session => session.Query(SelectAll, Map), cancellationToken);

    public Task SaveAsync(SetRetention retention, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Upsert,
            ("$project", retention.Project),
            ("$raw_bodies", Seconds(retention.Times.RawBodies)),
            ("$events", Seconds(retention.Times.Events)),
            ("$deliveries", Seconds(retention.Times.Deliveries)),
            ("$attempts", Seconds(retention.Times.Attempts)),
            ("$changed_at", retention.ChangedAt.ToStored()),
            ("$changed_by", retention.ChangedBy)),
        cancellationToken);

    public Task DeleteAsync(string project, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Delete, ("$project", project)), cancellationToken);

    private static long? Seconds(TimeSpan? time) => (long?)time?.TotalSeconds;

    private static TimeSpan? Time(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : TimeSpan.FromSeconds(row.GetInt64(column));

    private static SetRetention Map(SqliteDataReader row) => new(
        row.GetString(0),
        new ProjectRetention { RawBodies = Time(row, 1), Events = Time(row, 2), Deliveries = Time(row, 3), Attempts = Time(row, 4) },
        row.Time(5),
        row.GetString(6));
}
