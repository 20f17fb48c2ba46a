using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteEventStore(SqliteStorage storage) : IEventStore
{
    /// <summary>What a row costs beside its payload, for the size of a commit.</summary>
    private const int RowBytes = 512;

    /// <summary>The events of those ids with their data, in no order.</summary>
    public static List<HubEvent> ReadWithData(SqliteSession session, IEnumerable<string> ids) => session.Query(
        SelectWithData + " WHERE id IN (SELECT value FROM json_each($ids))", MapWhole, ("$ids", SqliteValues.ToJson(ids)));

    /// <summary>The events of those ids without their data, in no order.</summary>
    public static List<HubEvent> Read(SqliteSession session, IEnumerable<string> ids) => session.Query(
        Select + " WHERE id IN (SELECT value FROM json_each($ids))", MapListed, ("$ids", SqliteValues.ToJson(ids)));

    public Task<AppendResult> AppendAsync(EventAppend append, CancellationToken cancellationToken) =>
        storage.WriteOrBusyAsync(session => Append(session, append), SizeOf(append), cancellationToken);

    public Task<HubEvent?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(SelectWithData + " WHERE id = $id", MapWhole, ("$id", id)), cancellationToken);

    public Task<Page<HubEvent>> ListAsync(EventQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("events", page)
            .Equal("provider", query.Provider)
            .Matching("type", query.Type)
            .Equal("connection_id", query.ConnectionId)
            .Equal("subject", query.Subject)
            .Between("received_at", query.From, query.To)
            .In("project", query.VisibleProjects)
            .ReadByTime(session, Select, "received_at", "id", MapListed, static row => (row.ReceivedAt, row.Id)),
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
            return raw + (raw < batch ? session.Execute(PurgeRepetitions, ("$now", now.ToStored()), ("$limit", batch - raw)) : 0);
        },
        cancellationToken);

    private static AppendResult Append(SqliteSession session, EventAppend append)
    {
        var stored = new List<string>(append.Events.Count);
        var duplicates = new List<string>();
        var deliveries = 0;
        foreach (var routed in append.Events)
        {
            var (one, subscriptions) = routed;
            if (FindFirst(session, one, append.DedupeWindow) is { } first)
            {
                duplicates.Add(first);
                continue;
            }

            Insert(session, one);
            stored.Add(one.Id);
            for (var i = 0; i < subscriptions.Count; i++)
            {
                // It may have been deleted since the event was matched; a delivery to it would have nowhere to go.
                if (!SqliteSubscriptionStore.Exists(session, subscriptions[i]))
                    continue;

                SqliteDeliveryStore.Insert(session, NewDelivery(one, subscriptions[i], routed.OrderKeys?[i]));
                deliveries++;
            }
        }

        // A sender that repeats itself must not fill the disk with what is known already.
        if ((stored.Count > 0 || append.Events.Count == 0) && append.Raw is { } raw)
            Insert(session, raw);

        return new AppendResult(stored, duplicates, deliveries);
    }

    /// <returns>The id of the event that this one repeats; <see langword="null"/> when it is new, and from now on the first.</returns>
    private static string? FindFirst(SqliteSession session, HubEvent one, TimeSpan window)
    {
        if (window <= TimeSpan.Zero)
            return null;

        var scope = one.ConnectionId ?? "project/" + one.Project;
        var received = one.ReceivedAt.ToStored();
        var cutoff = window.Ticks > received ? long.MinValue : received - window.Ticks;
        var claimed = session.Execute(
            ClaimId,
            ("$scope", scope),
            ("$provider_event_id", one.ProviderEventId),
            ("$event_id", one.Id),
            ("$stored_at", received),
            ("$expires_at", window.Ticks > long.MaxValue - received ? long.MaxValue : received + window.Ticks),
            ("$cutoff", cutoff));
        return claimed > 0
            ? null
            : session.First(SelectFirst, static row => row.GetString(0), ("$scope", scope), ("$provider_event_id", one.ProviderEventId));
    }

    private static void Insert(SqliteSession session, HubEvent one)
    {
        session.Execute(
            InsertEvent,
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
        session.Execute(InsertData, ("$sealed_data", one.SealedData.ToStored()));
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
}
