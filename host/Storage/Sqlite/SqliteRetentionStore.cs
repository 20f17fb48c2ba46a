using System.Diagnostics;
using IntegrationHub.Host.Events.Retention;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>
/// Walks tables by their row numbers, which rise with time, so that neither the walk nor taking webhooks needs an index more. Looking is a reader's work; the writer only deletes.
/// </summary>
internal sealed class SqliteRetentionStore(SqliteStorage storage) : IRetentionStore
{
    // Whether a row can go is asked again where it is deleted.
    private const string SelectEvents = "SELECT number, received_at, project, 1 FROM events WHERE number > $after ORDER BY number LIMIT $batch";

    private const string SelectDeliveries = """
        SELECT number, COALESCE(completed_at, created_at), project, status IN ('delivered', 'cancelled') FROM deliveries WHERE number > $after ORDER BY number LIMIT $batch
        """;

    private const string SelectAttempts = """
        SELECT attempt.number, attempt.started_at, deliveries.project, deliveries.status <> 'pending'
        FROM (SELECT * FROM delivery_attempts WHERE number > $after ORDER BY number LIMIT $batch) AS attempt JOIN deliveries ON deliveries.id = attempt.delivery_id
        ORDER BY attempt.number
        """;

    // A delivery's attempts and dead letter go with it, an event's data with the event.
    private const string DeleteDeliveriesOfEvent = """
        DELETE FROM deliveries WHERE event_id = (SELECT id FROM events WHERE number = $number)
            AND NOT EXISTS (SELECT 1 FROM deliveries AS other WHERE other.event_id = deliveries.event_id AND other.status = 'pending')
        """;

    private const string DeleteEvent = "DELETE FROM events WHERE number = $number AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_id = events.id)";

    private const string DeleteDelivery = "DELETE FROM deliveries WHERE number = $number AND status IN ('delivered', 'cancelled')";

    private const string DeleteAttempt = "DELETE FROM delivery_attempts WHERE number = $number";

    /// <summary>Deleted before the clock is looked at again.</summary>
    private const int Step = 4;

    public async Task<RetentionSlice> PurgeAsync(RetentionWalk walk, long after, int batch, TimeSpan budget, CancellationToken cancellationToken)
    {
        var select = walk.Kind switch
        {
            RetentionKind.Attempts => SelectAttempts,
            RetentionKind.Deliveries => SelectDeliveries,
            _ => SelectEvents,
        };
        var before = walk.Before.ToStored();
        var rows = await storage.ReadAsync(session => session.Query(select, Map, ("$after", after), ("$batch", batch)), cancellationToken);

        // They come in the order of time. What ended late, or came while the clock was wrong, is younger than what follows: one such row does not end the walk, a batch of them does.
        var old = rows.FindLastIndex(row => row.Time < before) + 1;
        var doomed = rows.Take(old).Where(row => row.MayGo && row.Time < before && walk.Concerns(row.Project)).ToList();
        var end = old > 0 ? rows[old - 1].Number : after;
        if (doomed.Count == 0)
            return new RetentionSlice(0, end, old == rows.Count && rows.Count == batch, TimeSpan.Zero);

        var (deleted, handled, held) = await storage.WriteAsync(session => Delete(session, walk.Kind, doomed, budget), cancellationToken);
        var position = handled == doomed.Count ? end : doomed[handled - 1].Number;
        return new RetentionSlice(deleted, position, handled < doomed.Count || (old == rows.Count && rows.Count == batch), held);
    }

    private static (int Deleted, int Handled, TimeSpan Held) Delete(SqliteSession session, RetentionKind kind, List<Row> doomed, TimeSpan budget)
    {
        var started = Stopwatch.GetTimestamp();
        var deleted = 0;
        var handled = 0;
        while (handled < doomed.Count)
        {
            var number = doomed[handled++].Number;
            switch (kind)
            {
                case RetentionKind.Attempts:
                    deleted += session.Execute(DeleteAttempt, ("$number", number));
                    break;
                case RetentionKind.Deliveries:
                    deleted += session.Execute(DeleteDelivery, ("$number", number));
                    break;
                default:
                    session.Execute(DeleteDeliveriesOfEvent, ("$number", number));
                    deleted += session.Execute(DeleteEvent, ("$number", number));
                    break;
            }

            if (handled % Step == 0 && Stopwatch.GetElapsedTime(started) >= budget)
                break;
        }

        return (deleted, handled, Stopwatch.GetElapsedTime(started));
    }

    private static Row Map(SqliteDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetBoolean(3));

    private readonly record struct Row(long Number, long Time, string Project, bool MayGo);
}
