using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Storage.Sqlite.EventIndex;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteEventStore(SqliteStorage storage) : IEventStore
{
    /// <summary>How many events of a subject are picked out one by one.</summary>
    private const int SubjectNumbers = 20_000;

    /// <summary>What a row costs beside its payload, for the size of a commit.</summary>
    private const int RowBytes = 512;

    /// <summary>The events of those ids with their data, in no order.</summary>
    public static List<HubEvent> ReadWithData(SqliteSession session, IEnumerable<string> ids) => session.Query(
        SelectWithData + " WHERE id IN (SELECT value FROM json_each($ids))", MapWhole, ("$ids", SqliteValues.ToJson(ids)));

    /// <summary>The events of those ids without their data, in no order.</summary>
    public static List<HubEvent> Read(SqliteSession session, IEnumerable<string> ids) => session.Query(
        Select + " WHERE id IN (SELECT value FROM json_each($ids))", MapListed, ("$ids", SqliteValues.ToJson(ids)));

    public Task<AppendResult> AppendAsync(EventAppend append, CancellationToken cancellationToken)
    {
        // Hashes are made here, by many callers at once, and not by the one writer.
        var keys = new EventKey[append.Events.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            var one = append.Events[i].Event;
            keys[i] = new EventKey(EventKeys.OfRepetition(one.ConnectionId, one.Project, one.ProviderEventId), one.Subject is { } subject ? EventKeys.OfSubject(subject) : null);
        }

        return storage.WriteOrBusyAsync(session => Append(session, append, keys), SizeOf(append), cancellationToken);
    }

    public Task<HubEvent?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(SelectWithData + " WHERE id = $id", MapWhole, ("$id", id)), cancellationToken);

    public Task<Page<HubEvent>> ListAsync(EventQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session =>
        {
            // Of a subject that so many events have, the newest are soon found by walking.
            var numbers = query.Subject is null ? null : storage.EventIndex.NumbersOf(session, query.Subject, SubjectNumbers);
            return new SqliteFilter("events", page)
                .Equal("provider", query.Provider)
                .Matching("type", query.Type)
                .Equal("connection_id", query.ConnectionId)
                .Equal("subject", query.Subject)
                .OneOf("number", numbers)
                .Between("received_at", query.From, query.To)
                .In("project", query.VisibleProjects)
                .Where(SqliteDeliveryStore.OfEvents(query.Status))
                .ReadByTime(session, Select, numbers is null ? "received_at" : "+received_at", "id", MapListed, static row => (row.ReceivedAt, row.Id));
        },
        cancellationToken);

    public Task<RawRequest?> GetRawAsync(string requestId, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(SelectRaw, MapRaw, ("$id", requestId)), cancellationToken);

    public Task<IReadOnlyList<HubEvent>> ListOfRequestAsync(RawRequest raw, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<HubEvent>>(
        session =>
        {
            var first = session.Query(
                SelectOfRequest, MapWhole, ("$connection_id", raw.ConnectionId), ("$received_at", raw.ReceivedAt.ToStored()), ("$request_id", raw.Id));
            var again = session.Query(SelectReprocessed, MapWhole, ("$ids", SqliteValues.ToJson(first.Select(static one => one.Id))));
            return [.. first, .. again];
        },
        cancellationToken);

    public Task<int> PurgeExpiredAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            var raw = session.Execute(PurgeRaw, ("$now", now.ToStored()), ("$limit", batch));
            var kept = raw < batch ? session.Execute(PurgeRepetitions, ("$now", now.ToStored()), ("$limit", batch - raw)) : 0;
            return raw + kept + (raw + kept < batch ? storage.EventIndex.Purge(session, now.ToStored(), batch - raw - kept) : 0);
        },
        cancellationToken);

    private AppendResult Append(SqliteSession session, EventAppend append, EventKey[] keys)
    {
        var index = storage.EventIndex;
        var stored = new List<string>(append.Events.Count);
        var duplicates = new List<string>();
        var deliveries = 0;
        for (var i = 0; i < append.Events.Count; i++)
        {
            var routed = append.Events[i];
            var (one, subscriptions) = routed;
            if (index.FindFirst(session, one, keys[i].Repetition, append.DedupeWindow) is { } first)
            {
                duplicates.Add(first);
                continue;
            }

            Insert(session, one, index.NextNumber);
            index.Add(session, one, keys[i].Repetition, keys[i].Subject, append.DedupeWindow);
            stored.Add(one.Id);
            for (var k = 0; k < subscriptions.Count; k++)
            {
                // It may have been deleted since the event was matched; a delivery to it would have nowhere to go.
                if (!SqliteSubscriptionStore.Exists(session, subscriptions[k]))
                    continue;

                SqliteDeliveryStore.Insert(session, NewDelivery(one, subscriptions[k], routed.OrderKeys?[k]));
                deliveries++;
            }
        }

        // A sender that repeats itself must not fill the disk with what is known already.
        if ((stored.Count > 0 || append.Events.Count == 0) && append.Raw is { } raw)
            Insert(session, raw);

        return new AppendResult(stored, duplicates, deliveries);
    }

    private static void Insert(SqliteSession session, HubEvent one, long number)
    {
        session.Execute(
            InsertEvent,
            ("$number", number),
            ("$id", one.Id),
            ("$connection_id", one.ConnectionId),
            ("$provider", one.Provider),
            ("$project", one.Project),
            ("$environment", one.Environment),
            ("$type", one.Type),
            ("$subject", one.Subject),
            ("$provider_event_id", one.ProviderEventId),
            ("$time", one.Time.ToStored()),
            ("$received_at", one.ReceivedAt.ToStored()),
            ("$correlation_id", one.CorrelationId),
            ("$request_id", one.RequestId));
        session.Execute(InsertData, ("$number", number), ("$sealed_data", one.SealedData.ToStored()));
        if (one.ReprocessOf is { } former)
            session.Execute(MarkReprocessed, ("$id", one.Id), ("$reprocess_of", former));
    }

    private static void Insert(SqliteSession session, RawRequest raw) => session.Execute(
        InsertRaw,
        ("$id", raw.Id),
        ("$connection_id", raw.ConnectionId),
        ("$received_at", raw.ReceivedAt.ToStored()),
        ("$expires_at", raw.ExpiresAt.ToStored()),
        ("$sealed_head", raw.SealedHead.ToStored()),
        ("$sealed_body", raw.SealedBody.ToStored()));

    private static Delivery NewDelivery(HubEvent one, string subscription, string? orderKey) => new()
    {
        Id = Ids.New(Ids.Delivery, one.ReceivedAt),
        EventId = one.Id,
        SubscriptionId = subscription,
        Project = one.Project,
        EventType = one.Type,
        Status = DeliveryStatus.Pending,
        Attempts = 0,
        NextAttemptAt = one.ReceivedAt,
        CreatedAt = one.ReceivedAt,
        OrderKey = orderKey,
    };

    private static int SizeOf(EventAppend append)
    {
        long size = append.Raw is { } raw ? RowBytes + raw.SealedHead.Length + raw.SealedBody.Length : 0;
        foreach (var (one, subscriptions) in append.Events)
            size += one.SealedData.Length + (RowBytes * (1L + subscriptions.Count));

        return (int)Math.Min(size, int.MaxValue);
    }

    private static HubEvent Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        ConnectionId = row.TextOrNull(1),
        Provider = row.GetString(2),
        Project = row.GetString(3),
        Environment = row.GetString(4),
        Type = row.GetString(5),
        Subject = row.TextOrNull(6),
        ProviderEventId = row.GetString(7),
        Time = row.Time(8),
        ReceivedAt = row.Time(9),
        CorrelationId = row.GetString(10),
        RequestId = row.TextOrNull(11),
    };

    private static HubEvent MapListed(SqliteDataReader row) => Map(row) with { ReprocessOf = row.TextOrNull(12) };

    private static HubEvent MapWithData(SqliteDataReader row) => Map(row) with { SealedData = row.Bytes(12) };

    private static HubEvent MapWhole(SqliteDataReader row) => MapWithData(row) with { ReprocessOf = row.TextOrNull(13) };

    private static RawRequest MapRaw(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        ConnectionId = row.GetString(1),
        ReceivedAt = row.Time(2),
        ExpiresAt = row.Time(3),
        SealedHead = row.Bytes(4),
        SealedBody = row.Bytes(5),
    };

    private readonly record struct EventKey(UInt128 Repetition, ulong? Subject);
}
