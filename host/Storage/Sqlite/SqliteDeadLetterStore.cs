using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Http;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteDeadLetterStore(SqliteStorage storage) : IDeadLetterStore
{
    /// <summary>Claimed and made in one commit: small, since webhooks wait for the same writer.</summary>
    private const int Slice = 50;

    /// <summary>Within the transaction in which the delivery dies.</summary>
    public static void Insert(SqliteSession session, Delivery delivery, DeadLetterCause cause, DateTimeOffset diedAt, bool told) => session.Execute(
        InsertLetter,
        ("$delivery_id", delivery.Id),
        ("$project", delivery.Project),
        ("$subscription_id", delivery.SubscriptionId),
        ("$event_type", delivery.EventType),
        ("$created_at", delivery.CreatedAt.ToStored()),
        ("$died_at", diedAt.ToStored()),
        ("$fingerprint", cause.Fingerprint),
        ("$step", cause.Step),
        ("$status", cause.Status),
        ("$pattern", cause.Pattern),
        ("$told", told.ToStored()));

    /// <summary>The next ones that a replay is about, in the order in which they were given up. For a reader: a filter may pass over many.</summary>
    public static List<(long Number, string Id, bool Replayed)> ReadNext(SqliteSession session, DeadLetterQuery query, long after, long last, int limit) =>
        Filter(query, new PageRequest(PageRequest.MaxLimit)).ReadAll(
            session,
            "SELECT letter.number, delivery_id, replayed_by IS NOT NULL FROM dead_letters AS letter",
            " ORDER BY letter.number LIMIT " + SqliteFilter.Number(limit),
            static row => (row.GetInt64(0), row.GetString(1), row.GetBoolean(2)),
            ("letter.number > {0}", after),
            ("letter.number <= {0}", last));

    /// <summary>Makes a new delivery for one that nobody has replayed.</summary>
    public static Delivery? TryReplay(SqliteSession session, string id, DateTimeOffset now)
    {
        var dead = SqliteDeliveryStore.Read(session, id);
        if (dead is not { Status: DeliveryStatus.Dead } || !SqliteSubscriptionStore.Exists(session, dead.SubscriptionId))
            return null;

        var again = Again(dead, now);
        if (session.Execute(Claim, ("$by", again.Id), ("$id", id), ("$former", null)) == 0)
            return null;

        SqliteDeliveryStore.Insert(session, again);
        return again;
    }

    /// <summary>How many of the query are open, and the number of the last one there is.</summary>
    public static (long Open, long Last) Measure(SqliteSession session, DeadLetterQuery query) =>
        Filter(query with { Replayed = false }, new PageRequest()).ReadAll(
            session, "SELECT COUNT(*), (SELECT COALESCE(MAX(number), 0) FROM dead_letters) FROM dead_letters AS letter", "", static row => (row.GetInt64(0), row.GetInt64(1)))[0];

    public Task<DeadLetter?> GetAsync(string deliveryId, CancellationToken cancellationToken) => storage.ReadAsync(session => Read(session, deliveryId), cancellationToken);

    public Task<Page<DeadLetter>> ListAsync(DeadLetterQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session =>
        {
            var rows = Filter(query, page).ReadByNumber(session, Select, "letter.number", Map, static row => row.Number);
            return rows.Select(row => row.With(session));
        },
        cancellationToken);

    public Task<IReadOnlyList<DeadLetterGroup>> GroupsAsync(DeadLetterQuery query, int limit, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<DeadLetterGroup>>(
        session => Filter(query, new PageRequest())
            .ReadAll(session, SelectGroups, GroupBy + SqliteFilter.Number(limit), static row => (Group: MapGroup(row), Latest: row.GetInt64(10)))
            .ConvertAll(one => one.Group with { Latest = session.First(SelectIdByNumber, static row => row.GetString(0), ("$number", one.Latest)) ?? "" }),
        cancellationToken);

    public async Task<DeadLetterReplay> ReplayAsync(DeadLetterQuery query, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (_, last) = await storage.ReadAsync(session => Measure(session, query), cancellationToken);
        var made = new List<string>();
        var skipped = 0;
        for (var position = 0L; ;)
        {
            var from = position;
            var found = await storage.ReadAsync(session => ReadNext(session, query, from, last, Slice), cancellationToken);
            var open = found.Where(static one => !one.Replayed).Take(limit - made.Count + 1).ToList();
            var hasMore = open.Count > limit - made.Count;
            if (hasMore)
                open.RemoveAt(open.Count - 1);

            var through = hasMore && open.Count > 0 ? open[^1].Number : hasMore ? position : found.Count > 0 ? found[^1].Number : position;
            skipped += found.Count(one => one.Replayed && one.Number <= through);
            if (open.Count > 0)
            {
                var slice = await storage.WriteAsync(session => open.ConvertAll(one => TryReplay(session, one.Id, now)?.Id), cancellationToken);
                made.AddRange(slice.OfType<string>());
                skipped += slice.Count(static id => id is null);
            }

            if (hasMore || found.Count < Slice)
                return new DeadLetterReplay(made, skipped, hasMore);

            position = through;
        }
    }

    public Task<(Delivery Delivery, bool IsNew)?> ReplayOneAsync(string deliveryId, DateTimeOffset now, CancellationToken cancellationToken) => storage.WriteAsync<(Delivery, bool)?>(
        session =>
        {
            if (Read(session, deliveryId) is not { } letter)
                return null;

            if (letter.ReplayedBy is { } former && SqliteDeliveryStore.Read(session, former) is { Status: DeliveryStatus.Pending } underWay)
                return (underWay, false);

            var again = Again(letter.Delivery, now);
            session.Execute(Claim, ("$by", again.Id), ("$id", deliveryId), ("$former", letter.ReplayedBy));
            SqliteDeliveryStore.Insert(session, again);
            return (again, true);
        },
        cancellationToken);

    public Task<IReadOnlyList<DeadLetterNotice>> ListUntoldAsync(int limit, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<DeadLetterNotice>>(
        session =>
        {
            // Between two reads an erasure may take one away; there is nobody to be told of it then.
            var letters = session.Query(SelectUntold, static row => row.GetString(0), ("$limit", limit)).Select(id => Read(session, id)).OfType<DeadLetter>().ToList();
            var events = SqliteEventStore.Read(session, letters.Select(static letter => letter.Delivery.EventId).Distinct()).ToDictionary(static one => one.Id);
            return [.. letters.Where(letter => events.ContainsKey(letter.Delivery.EventId))
                .Select(letter => new DeadLetterNotice(letter, events[letter.Delivery.EventId].Environment, events[letter.Delivery.EventId].CorrelationId))];
        },
        cancellationToken);

    public Task MarkToldAsync(IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(MarkTold, ("$ids", SqliteValues.ToJson(deliveryIds))), cancellationToken);

    public Task<int> ExplainAsync(int batch, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            var rows = session.Query(
                SelectUnexplained, static row => (Id: row.GetString(0), Subscription: row.GetString(1), Reason: row.TextOrNull(2), Attempt: row.TextOrNull(3)), ("$limit", batch));
            foreach (var (id, subscription, reason, attempt) in rows)
            {
                var cause = CauseOf(subscription, reason, attempt);
                session.Execute(Explain, ("$id", id), ("$fingerprint", cause.Fingerprint), ("$step", cause.Step), ("$status", cause.Status), ("$pattern", cause.Pattern));
            }

            return rows.Count;
        },
        cancellationToken);

    private static DeadLetterCause CauseOf(string subscription, string? reason, string? attempt)
    {
        if (attempt is null)
            return DeadLetterCause.Of(subscription, DeliverySteps.Route, null, reason);

        using var last = JsonDocument.Parse(attempt);
        var (outcome, status, error) = (last.RootElement[0].GetString()!, last.RootElement[1], last.RootElement[2].GetString());
        return DeadLetterCause.Of(subscription, DeliverySteps.Of(outcome) ?? DeliverySteps.Answer, status.ValueKind == JsonValueKind.Number ? status.GetInt32() : null, error ?? reason);
    }

    private static Delivery Again(Delivery dead, DateTimeOffset now) => dead with
    {
        Id = Ids.New(Ids.Delivery, now),
        Status = DeliveryStatus.Pending,
        Attempts = 0,
        NextAttemptAt = now,
        CreatedAt = now,
        CompletedAt = null,
        Reason = null,
        ReplayOf = dead.Id,
    };

    private static SqliteFilter Filter(DeadLetterQuery query, PageRequest page) => new SqliteFilter("dead-letters", page)
        .Equal("project", query.Project)
        .Equal("subscription_id", query.SubscriptionId)
        .Equal("fingerprint", query.Fingerprint)
        .Equal("step", query.Step)
        .Matching("event_type", query.EventType)
        .Between("created_at", query.From, query.To)
        .Where(query.Replayed is { } replayed ? replayed ? "replayed_by IS NOT NULL" : "replayed_by IS NULL" : null)
        .In("project", query.VisibleProjects);

    private static DeadLetter? Read(SqliteSession session, string id) => session.First(Select + " WHERE delivery_id = $id", Map, ("$id", id))?.With(session);

    private static Row Map(SqliteDataReader row) => new(
        row.GetInt64(0), new DeadLetterCause(row.TextOrNull(1) ?? "", row.GetString(2), row.NumberOrNull(3), row.GetString(4)), row.Time(5), row.TextOrNull(6), row.GetString(7));

    private static DeadLetterGroup MapGroup(SqliteDataReader row) => new()
    {
        Fingerprint = row.TextOrNull(0) ?? "",
        SubscriptionId = row.GetString(1),
        Project = row.GetString(2),
        Step = row.GetString(3),
        Status = row.NumberOrNull(4),
        Pattern = row.GetString(5),
        Count = row.GetInt64(6),
        Open = row.GetInt64(7),
        FirstSeen = row.Time(8),
        LastSeen = row.Time(9),
        Latest = "",
    };

    private sealed record Row(long Number, DeadLetterCause Cause, DateTimeOffset DiedAt, string? ReplayedBy, string DeliveryId)
    {
        public DeadLetter With(SqliteSession session) => new()
        {
            Number = Number,
            Cause = Cause,
            DiedAt = DiedAt,
            ReplayedBy = ReplayedBy,
            Delivery = SqliteDeliveryStore.Read(session, DeliveryId) ?? throw new StorageException($"The delivery {DeliveryId} of a dead letter is not there."),
        };
    }
}
