using IntegrationHub.Host.Events.Stream;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>
/// The events in the order of their numbers. There is one writer and it numbers upwards, so numbers become visible in order. A number is never given again, not even when the newest
/// events were deleted: the trigger keeps the highest.
/// </summary>
internal sealed partial class SqliteEventStore : IEventLog
{
    public const string Schema9 = """
        CREATE TABLE event_numbers (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            deleted INTEGER NOT NULL
        );
        INSERT INTO event_numbers (id, deleted) VALUES (1, 0);
        CREATE TRIGGER events_keep_number AFTER DELETE ON events WHEN OLD.number > (SELECT COALESCE(MAX(number), 0) FROM events)
        BEGIN
            UPDATE event_numbers SET deleted = MAX(deleted, OLD.number);
        END;
        """;

    /// <summary>How much of the log one read looks at: a filter that few events pass must not keep a connection for long.</summary>
    private const int LogWindow = 5000;

    /// <summary>How many bytes of sealed data one read brings, unless its first event alone has more.</summary>
    private const int LogBytes = 1024 * 1024;

    private const string SelectLast = "SELECT MAX((SELECT COALESCE(MAX(number), 0) FROM events), (SELECT deleted FROM event_numbers))";

    private const string SelectFirstAfter = "SELECT number FROM events WHERE number > $after ORDER BY number LIMIT 1";

    // The time of receipt is nearly the order of the log; among so many of the first ones the earliest stands.
    private const string SelectFrom = "SELECT MIN(number) FROM (SELECT number FROM events WHERE received_at >= $from ORDER BY received_at LIMIT 10000)";

    private const string InLog = """
        WHERE number > $after AND number <= $to
        AND ($environment IS NULL OR environment = $environment)
        AND ($projects IS NULL OR project IN (SELECT value FROM json_each($projects)))
        """;

    private const string InLogOfType = $"{InLog} AND {SqliteTypePattern.Function}($type, type)";

    private const string SelectSizes = "SELECT number, LENGTH(sealed_data) FROM events JOIN event_data USING (number)";

    private const string SelectNumbered = $"SELECT {Columns}, sealed_data, number, reprocess_of FROM events JOIN event_data USING (number)";

    public Task<long> LastAsync(CancellationToken cancellationToken) => storage.ReadAsync(Last, cancellationToken);

    public Task<long> BeforeAsync(DateTimeOffset receivedFrom, CancellationToken cancellationToken) => storage.ReadAsync(
        session => session.First(SelectFrom, static row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), ("$from", receivedFrom.ToStored())) is { } first ? first - 1 : Last(session),
        cancellationToken);

    public Task<EventSlice> ReadAsync(long after, int max, EventLogFilter filter, CancellationToken cancellationToken) => storage.ReadAsync(
        session =>
        {
            // First how far the log goes: what is stored meanwhile belongs to the next read.
            var last = Last(session);
            if (session.First(SelectFirstAfter, static row => (long?)row.GetInt64(0), ("$after", after)) is not { } first || first > last)
                return new EventSlice([], Math.Max(after, last), IsEnd: true);

            var to = Math.Min(last, first + LogWindow - 1);
            var (condition, arguments) = Conditions(filter, after, to);
            var sizes = session.Query($"{SelectSizes} {condition} ORDER BY number LIMIT {max}", static row => (Number: row.GetInt64(0), Bytes: row.GetInt64(1)), [.. arguments]);
            if (sizes.Count == 0)
                return new EventSlice([], to, to == last);

            var count = 0;
            for (long bytes = 0; count < sizes.Count && (count == 0 || bytes + sizes[count].Bytes <= LogBytes); count++)
                bytes += sizes[count].Bytes;

            var isWhole = count == sizes.Count && sizes.Count < max;
            arguments[1] = ("$to", sizes[count - 1].Number);
            var events = session.Query($"{SelectNumbered} {condition} ORDER BY number", MapNumbered, [.. arguments]);
            return isWhole ? new EventSlice(events, to, to == last) : new EventSlice(events, sizes[count - 1].Number, IsEnd: false);
        },
        cancellationToken);

    /// <summary>The highest number ever given.</summary>
    public static long Last(SqliteSession session) => session.First(SelectLast, static row => row.GetInt64(0));

    private static (string Condition, List<(string Name, object? Value)> Arguments) Conditions(EventLogFilter filter, long after, long to)
    {
        List<(string, object?)> arguments =
        [
            ("$after", after),
            ("$to", to),
            ("$environment", filter.Environment),
            ("$projects", filter.Projects is { } projects ? SqliteValues.ToJson(projects) : null),
        ];
        if (filter.Type is not { } type)
            return (InLog, arguments);

        arguments.Add(("$type", type));
        return (InLogOfType, arguments);
    }

    private static NumberedEvent MapNumbered(SqliteDataReader row) => new(row.GetInt64(13), MapWithData(row) with { ReprocessOf = row.TextOrNull(14) });
}
