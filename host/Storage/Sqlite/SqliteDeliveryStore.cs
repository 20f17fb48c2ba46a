using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Http;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteDeliveryStore(SqliteStorage storage) : IDeliveryStore
{
    public static Delivery? Read(SqliteSession session, string id) => session.First(Select + " WHERE id = $id", Map, ("$id", id));

    /// <summary>Puts a delivery into the queue. One with an order key waits for those before it.</summary>
    public static void Insert(SqliteSession session, Delivery delivery)
    {
        var waits = delivery is { OrderKey: not null, Status: DeliveryStatus.Pending }
            && session.Any(SelectBefore, ("$subscription_id", delivery.SubscriptionId), ("$order_key", delivery.OrderKey));
        InsertRow(session, waits ? delivery with { NextAttemptAt = Delivery.NotYet } : delivery);
    }

    private static void InsertRow(SqliteSession session, Delivery delivery) => session.Execute(
        InsertDelivery,
        ("$id", delivery.Id),
        ("$event_id", delivery.EventId),
        ("$subscription_id", delivery.SubscriptionId),
        ("$project", delivery.Project),
        ("$event_type", delivery.EventType),
        ("$status", StatusName(delivery.Status)),
        ("$attempts", delivery.Attempts),
        ("$next_attempt_at", delivery.NextAttemptAt.ToStored()),
        ("$created_at", delivery.CreatedAt.ToStored()),
        ("$completed_at", delivery.CompletedAt.ToStored()),
        ("$reason", delivery.Reason),
        ("$replay_of", delivery.ReplayOf),
        ("$order_key", delivery.OrderKey));

    /// <summary>Cancels what is on its way to a subscription, within the transaction that deletes it. A worker that holds a lease finds it gone.</summary>
    public static void CancelPending(SqliteSession session, string subscriptionId, DateTimeOffset now)
    {
        const string reason = "The subscription was deleted.";
        session.Execute(CancelFree, ("$subscription_id", subscriptionId), ("$now", now.ToStored()), ("$reason", reason));
        session.Execute(CancelLeased, ("$subscription_id", subscriptionId), ("$now", now.ToStored()), ("$reason", reason));
    }

    public async Task<IReadOnlyList<LeasedShare>> LeaseAsync(
        string owner, DateTimeOffset now, TimeSpan leaseFor, IReadOnlyList<LeaseShare> shares, CancellationToken cancellationToken)
    {
        var leased = await storage.WriteAsync(session => Lease(session, owner, now, now + leaseFor, shares), cancellationToken);
        var ids = leased.SelectMany(static share => share.Deliveries).Select(static delivery => delivery.EventId).Distinct(StringComparer.Ordinal).ToList();
        if (ids.Count == 0)
            return leased;

        // Payloads are read outside of the writer, which others wait for.
        var events = await storage.ReadAsync(session => SqliteEventStore.ReadWithData(session, ids), cancellationToken);
        var byId = events.ToDictionary(static one => one.Id, StringComparer.Ordinal);
        return [.. leased.Select(share => share with { Deliveries = [.. share.Deliveries.Select(delivery => delivery with { Event = byId.GetValueOrDefault(delivery.EventId) })] })];
    }

    public Task RecordAsync(string owner, IReadOnlyList<AttemptRecord> records, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            foreach (var record in records)
                Record(session, owner, record);

            return records.Count;
        },
        cancellationToken);

    public Task<IReadOnlyList<string>> FreeExpiredAsync(string owner, IReadOnlyCollection<string> held, DateTimeOffset now, int max, CancellationToken cancellationToken)
    {
        var ids = SqliteValues.ToJson(held);
        return storage.WriteAsync<IReadOnlyList<string>>(
            session => session.Query(FreeExpired, static row => row.GetString(0), ("$owner", owner), ("$held", ids), ("$now", now.ToStored()), ("$max", max)), cancellationToken);
    }

    public Task<DeliveryAgenda> AgendaAsync(string owner, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new DeliveryAgenda(
            session.Query(SelectAgenda, static row => KeyValuePair.Create(row.GetString(0), row.Time(1))),
            session.First(SelectLeaseEnd, static row => (DateTimeOffset?)row.Time(0), ("$owner", owner))),
        cancellationToken);

    public Task ReleaseAsync(string owner, IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(GiveBack, ("$owner", owner), ("$ids", SqliteValues.ToJson(deliveryIds))), cancellationToken);

    public Task<Delivery?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<IReadOnlyList<DeliveryAttempt>> ListAttemptsAsync(string deliveryId, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<DeliveryAttempt>>(session => session.Query(SelectAttempts, MapAttempt, ("$delivery_id", deliveryId)), cancellationToken);

    public Task<Page<Delivery>> ListAsync(DeliveryQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("deliveries", page)
            .Where(query.Status is { } status ? $"status = '{StatusName(status)}'" : null) // as text, so that the partial indexes apply
            .Equal("subscription_id", query.SubscriptionId)
            .Equal("event_id", query.EventId)
            .Matching("event_type", query.EventType)
            .Between("created_at", query.From, query.To)
            .In("project", query.VisibleProjects)
            .ReadByTime(session, Select, "created_at", "id", Map, static delivery => (delivery.CreatedAt, delivery.Id)),
        cancellationToken);

    public Task AddAsync(IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            foreach (var delivery in deliveries)
            {
                Insert(session, delivery);
                if (delivery.Status == DeliveryStatus.Dead)
                    SqliteDeadLetterStore.Insert(session, delivery, DeadLetterCause.Of(delivery.SubscriptionId, DeliverySteps.Route, null, delivery.Reason), delivery.CompletedAt ?? delivery.CreatedAt, told: true);
            }

            return deliveries.Count;
        },
        cancellationToken);

    public Task<bool> MakeDueAsync(string id, DateTimeOffset now, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(SetDue, ("$id", id), ("$now", now.ToStored())) > 0, cancellationToken);

    private static List<LeasedShare> Lease(SqliteSession session, string owner, DateTimeOffset now, DateTimeOffset until, IReadOnlyList<LeaseShare> shares)
    {
        var leased = new List<LeasedShare>(shares.Count);
        foreach (var (subscription, max) in shares)
        {
            var deliveries = session.Query(
                LeaseDue,
                Map,
                ("$owner", owner),
                ("$now", now.ToStored()),
                ("$until", until.ToStored()),
                ("$subscription_id", subscription),
                ("$max", max));

            // In no order, as they come back.
            deliveries.Sort(static (left, right) => left.NextAttemptAt.CompareTo(right.NextAttemptAt) is not 0 and var byTime ? byTime : string.CompareOrdinal(left.Id, right.Id));
            var next = session.First(SelectNextDue, static row => (DateTimeOffset?)row.Time(0), ("$subscription_id", subscription));
            leased.Add(new LeasedShare(subscription, deliveries, next));
        }

        return leased;
    }

    private static void Record(SqliteSession session, string owner, AttemptRecord record)
    {
        var attempt = record.Attempt;
        DateTimeOffset? completed = record.Status == DeliveryStatus.Pending ? null : attempt.StartedAt + attempt.Duration;
        var held = session.Execute(
            UpdateOutcome,
            ("$id", attempt.DeliveryId),
            ("$owner", owner),
            ("$status", StatusName(record.Status)),
            ("$attempts", record.Attempts),
            ("$next_attempt_at", record.NextAttemptAt.ToStored()),
            ("$completed_at", completed.ToStored()),
            ("$reason", record.Reason));
        if (held > 0 && record.Counts)
            Insert(session, attempt);
        if (held > 0 && record.Status == DeliveryStatus.Dead && Read(session, attempt.DeliveryId) is { } dead)
            SqliteDeadLetterStore.Insert(session, dead, DeadLetterCause.Of(dead.SubscriptionId, attempt, record.Reason), completed ?? attempt.StartedAt, told: false);
    }

    private static void Insert(SqliteSession session, DeliveryAttempt attempt) => session.Execute(
        InsertAttempt,
        ("$id", attempt.Id),
        ("$delivery_id", attempt.DeliveryId),
        ("$attempt", attempt.Number),
        ("$started_at", attempt.StartedAt.ToStored()),
        ("$duration", attempt.Duration.Ticks),
        ("$status", attempt.Status),
        ("$outcome", attempt.Outcome),
        ("$error", attempt.Error),
        ("$response_body", attempt.ResponseBody),
        ("$step", attempt.Step),
        ("$response_headers", attempt.ResponseHeaders.Count == 0 ? null : SqliteValues.ToJson(attempt.ResponseHeaders)));

    private static Delivery Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        EventId = row.GetString(1),
        SubscriptionId = row.GetString(2),
        Project = row.GetString(3),
        EventType = row.GetString(4),
        Status = Status(row.GetString(5)),
        Attempts = row.GetInt32(6),
        NextAttemptAt = row.Time(7),
        CreatedAt = row.Time(8),
        CompletedAt = row.TimeOrNull(9),
        Reason = row.TextOrNull(10),
        ReplayOf = row.TextOrNull(11),
        OrderKey = row.TextOrNull(12),
    };

    private static DeliveryAttempt MapAttempt(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        DeliveryId = row.GetString(1),
        Number = row.GetInt32(2),
        StartedAt = row.Time(3),
        Duration = TimeSpan.FromTicks(row.GetInt64(4)),
        Status = row.NumberOrNull(5),
        Outcome = row.GetString(6),
        Error = row.TextOrNull(7),
        ResponseBody = row.TextOrNull(8),
        Step = row.TextOrNull(9),
        ResponseHeaders = row.IsDBNull(10) ? [] : row.Json<KeyValuePair<string, string>[]>(10),
    };

    /// <summary>The condition on a row of <c>events</c> that a delivery of it has the status; none when there is none to choose by.</summary>
    public static string? OfEvents(DeliveryStatus? status) =>
        status is { } wanted ? $"EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event_id = events.id AND deliveries.status = '{StatusName(wanted)}')" : null;

    private static string StatusName(DeliveryStatus status) => status switch
    {
        DeliveryStatus.Pending => "pending",
        DeliveryStatus.Delivered => "delivered",
        DeliveryStatus.Dead => "dead",
        DeliveryStatus.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "No such status."),
    };

    private static DeliveryStatus Status(string name) => name switch
    {
        "pending" => DeliveryStatus.Pending,
        "delivered" => DeliveryStatus.Delivered,
        "dead" => DeliveryStatus.Dead,
        "cancelled" => DeliveryStatus.Cancelled,
        _ => throw new StorageException($"The database holds a delivery with the unknown status '{name}'."),
    };
}
