using System.Threading.Channels;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Events and deliveries in memory, with the promises of the ports: atomic appends, deduplication, leases.</summary>
internal sealed partial class InMemoryEventStore(TimeProvider time) : IEventStore, IDeliveryStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, HubEvent> events = [];
    private readonly Dictionary<string, RawRequest> raws = [];
    private readonly Dictionary<(string Scope, string Id), (string EventId, DateTimeOffset Until)> known = [];
    private readonly Dictionary<string, Delivery> deliveries = [];
    private readonly Dictionary<string, (string Owner, DateTimeOffset Until)> leases = [];
    private readonly List<DeliveryAttempt> attempts = [];
    private readonly Channel<AttemptRecord> records = Channel.CreateUnbounded<AttemptRecord>();
    private readonly Channel<EventAppend> appending = Channel.CreateUnbounded<EventAppend>();

    /// <summary>While set, appends wait for it before they store anything.</summary>
    public TaskCompletionSource? Block { get; set; }

    public bool Busy { get; set; }

    /// <summary>How many of the next recordings fail.</summary>
    public int FailingRecords { get; set; }

    public int LeaseCalls { get; private set; }

    public int AgendaCalls { get; private set; }

    /// <summary>Recorded attempts as they come.</summary>
    public ChannelReader<AttemptRecord> Records => records.Reader;

    /// <summary>Appends as they are asked for, before they are stored.</summary>
    public ChannelReader<EventAppend> Appending => appending.Reader;

    public IReadOnlyList<HubEvent> Events
    {
        get
        {
            lock (gate)
                return [.. events.Values];
        }
    }

    public IReadOnlyList<RawRequest> Raws
    {
        get
        {
            lock (gate)
                return [.. raws.Values];
        }
    }

    public IReadOnlyList<Delivery> Deliveries
    {
        get
        {
            lock (gate)
                return [.. deliveries.Values];
        }
    }

    public bool IsAnyLeased
    {
        get
        {
            lock (gate)
                return leases.Count > 0;
        }
    }

    public IReadOnlyList<string> Leased(string owner)
    {
        lock (gate)
            return [.. leases.Where(lease => lease.Value.Owner == owner).Select(lease => lease.Key)];
    }

    public async Task<AppendResult> AppendAsync(EventAppend append, CancellationToken cancellationToken)
    {
        if (Busy)
            throw new StoreBusyException();

        appending.Writer.TryWrite(append);
        if (Block is { } block)
            await block.Task.WaitAsync(cancellationToken);

        lock (gate)
        {
            var now = time.GetUtcNow();
            List<string> stored = [], duplicates = [];
            var made = 0;
            foreach (var routed in append.Events)
            {
                var (hubEvent, subscriptionIds) = routed;
                var key = (hubEvent.ConnectionId ?? hubEvent.Project, hubEvent.ProviderEventId);
                if (append.DedupeWindow > TimeSpan.Zero && known.TryGetValue(key, out var first) && first.Until > now)
                {
                    duplicates.Add(first.EventId);
                    continue;
                }

                if (append.DedupeWindow > TimeSpan.Zero)
                    known[key] = (hubEvent.Id, now + append.DedupeWindow);
                events[hubEvent.Id] = hubEvent with { PlainData = default };
                stored.Add(hubEvent.Id);
                for (var i = 0; i < subscriptionIds.Count; i++)
                {
                    var id = Ids.New(Ids.Delivery, now);
                    Enqueue(Pending(id, hubEvent, subscriptionIds[i], now) with { OrderKey = routed.OrderKeys?[i] });
                    made++;
                }
            }

            if (append.Raw is { } raw && stored.Count > 0)
                raws[raw.Id] = raw;
            return new AppendResult(stored, duplicates, made);
        }
    }

    public Task<HubEvent?> GetAsync(string id, CancellationToken cancellationToken) => Locked(() => events.GetValueOrDefault(id));

    public Task<Page<HubEvent>> ListAsync(EventQuery query, PageRequest page, CancellationToken cancellationToken) => Locked(() => Cut(
        events.Values.Where(e =>
            (query.Provider ?? e.Provider) == e.Provider
            && (query.Type is null || EventPattern.Parse(query.Type).Matches(e.Type))
            && (query.ConnectionId is null || query.ConnectionId == e.ConnectionId)
            && (query.Subject is null || query.Subject == e.Subject)
            && !(e.ReceivedAt < query.From) && !(e.ReceivedAt > query.To)
            && (query.Status is null || deliveries.Values.Any(delivery => delivery.EventId == e.Id && delivery.Status == query.Status))
            && (query.VisibleProjects?.Contains(e.Project) ?? true)).Select(e => e with { SealedData = default }),
        e => e.Id,
        page));

    public Task<RawRequest?> GetRawAsync(string requestId, CancellationToken cancellationToken) =>
        Locked(() => raws.TryGetValue(requestId, out var raw) && raw.ExpiresAt > time.GetUtcNow() ? raw : null);

    public Task<int> PurgeExpiredAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken) => Locked(() =>
    {
        string[] expired = [.. raws.Values.Where(raw => raw.ExpiresAt <= now).Take(batch).Select(raw => raw.Id)];
        foreach (var id in expired)
            raws.Remove(id);
        return expired.Length;
    });

    public Task<IReadOnlyList<LeasedShare>> LeaseAsync(
        string owner, DateTimeOffset now, TimeSpan leaseFor, IReadOnlyList<LeaseShare> shares, CancellationToken cancellationToken) => Locked(() =>
    {
        LeaseCalls++;
        var leased = new List<LeasedShare>();
        foreach (var (subscription, max) in shares)
        {
            Delivery[] due = [.. Free(subscription).Where(d => d.NextAttemptAt <= now).Take(max)];
            foreach (var delivery in due)
                leases[delivery.Id] = (owner, now + leaseFor);
            leased.Add(new LeasedShare(
                subscription,
                [.. due.Select(delivery => delivery with { Event = events.GetValueOrDefault(delivery.EventId) })],
                Free(subscription).Select(d => (DateTimeOffset?)d.NextAttemptAt).FirstOrDefault()));
        }

        return (IReadOnlyList<LeasedShare>)leased;
    });

    public Task<IReadOnlyList<string>> FreeExpiredAsync(string owner, IReadOnlyCollection<string> held, DateTimeOffset now, int max, CancellationToken cancellationToken) => Locked(() =>
    {
        string[] expired = [.. leases.Where(lease => lease.Value.Until <= now && !(lease.Value.Owner == owner && held.Contains(lease.Key))).Take(max).Select(lease => lease.Key)];
        foreach (var id in expired)
            leases.Remove(id);
        return (IReadOnlyList<string>)[.. expired.Select(id => deliveries[id].SubscriptionId)];
    });

    public Task<DeliveryAgenda> AgendaAsync(string owner, CancellationToken cancellationToken) => Locked(() =>
    {
        AgendaCalls++;
        return new DeliveryAgenda(
            [.. deliveries.Values.Select(d => d.SubscriptionId).Distinct().Where(id => Free(id).Any()).Select(id => KeyValuePair.Create(id, Free(id).First().NextAttemptAt))],
            leases.Values.Where(lease => lease.Owner != owner).Select(lease => (DateTimeOffset?)lease.Until).Min());
    });

    public Task RecordAsync(string owner, IReadOnlyList<AttemptRecord> recorded, CancellationToken cancellationToken)
    {
        List<AttemptRecord> held = [];
        lock (gate)
        {
            if (FailingRecords > 0)
            {
                FailingRecords--;
                throw new IOException("The disk is busy.");
            }

            foreach (var record in recorded)
            {
                var id = record.Attempt.DeliveryId;
                if (!leases.TryGetValue(id, out var lease) || lease.Owner != owner)
                    continue;

                leases.Remove(id);
                if (record.Counts)
                    attempts.Add(record.Attempt);
                deliveries[id] = deliveries[id] with
                {
                    Status = record.Status,
                    Attempts = record.Attempts,
                    NextAttemptAt = record.NextAttemptAt ?? deliveries[id].NextAttemptAt,
                    Reason = record.Reason,
                    CompletedAt = record.Status == DeliveryStatus.Pending ? null : time.GetUtcNow(),
                };
                if (record.Status == DeliveryStatus.Dead)
                    Bury(deliveries[id], record.Attempt, told: false);
                if (record.Status != DeliveryStatus.Pending && InOrder(deliveries[id]).FirstOrDefault() is { WaitsForItsTurn: true } next)
                    deliveries[next.Id] = next with { NextAttemptAt = next.CreatedAt };
                held.Add(record);
            }
        }

        foreach (var record in held)
            records.Writer.TryWrite(record);
        return Task.CompletedTask;
    }

    public Task ReleaseAsync(string owner, IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken) => Locked(() =>
    {
        foreach (var id in deliveryIds.Where(id => leases.TryGetValue(id, out var lease) && lease.Owner == owner))
            leases.Remove(id);
        return true;
    });

    Task<Delivery?> IDeliveryStore.GetAsync(string id, CancellationToken cancellationToken) => Locked(() => deliveries.GetValueOrDefault(id));

    public Task<IReadOnlyList<DeliveryAttempt>> ListAttemptsAsync(string deliveryId, CancellationToken cancellationToken) =>
        Locked(() => (IReadOnlyList<DeliveryAttempt>)[.. attempts.Where(attempt => attempt.DeliveryId == deliveryId).OrderBy(attempt => attempt.Number)]);

    public Task<Page<Delivery>> ListAsync(DeliveryQuery query, PageRequest page, CancellationToken cancellationToken) => Locked(() => Cut(
        deliveries.Values.Where(d =>
            (query.Status ?? d.Status) == d.Status
            && (query.SubscriptionId ?? d.SubscriptionId) == d.SubscriptionId
            && (query.EventId ?? d.EventId) == d.EventId
            && (query.EventType is null || EventPattern.Parse(query.EventType).Matches(d.EventType))
            && !(d.CreatedAt < query.From) && !(d.CreatedAt > query.To)
            && (query.VisibleProjects?.Contains(d.Project) ?? true)),
        d => d.Id,
        page));

    public Task AddAsync(IReadOnlyList<Delivery> added, CancellationToken cancellationToken) => Locked(() =>
    {
        foreach (var delivery in added)
        {
            Enqueue(delivery);
            if (delivery.Status == DeliveryStatus.Dead)
                Bury(delivery, null, told: true);
        }

        return true;
    });

    public Task<bool> MakeDueAsync(string id, DateTimeOffset now, CancellationToken cancellationToken) => Locked(() =>
    {
        if (!deliveries.TryGetValue(id, out var delivery) || delivery.Status != DeliveryStatus.Pending || delivery.WaitsForItsTurn)
            return false;
        deliveries[id] = delivery with { NextAttemptAt = now };
        return true;
    });

    private IEnumerable<Delivery> Free(string subscription) => deliveries.Values
        .Where(d => d.Status == DeliveryStatus.Pending && d.SubscriptionId == subscription && !leases.ContainsKey(d.Id))
        .OrderBy(d => d.NextAttemptAt).ThenBy(d => d.Id, StringComparer.Ordinal);

    private void Enqueue(Delivery delivery) =>
        deliveries[delivery.Id] = InOrder(delivery).Any() ? delivery with { NextAttemptAt = Delivery.NotYet } : delivery;

    /// <summary>What is pending of the same key, oldest first.</summary>
    private IEnumerable<Delivery> InOrder(Delivery delivery) => delivery.OrderKey is null ? [] : deliveries.Values
        .Where(other => other.Status == DeliveryStatus.Pending && other.SubscriptionId == delivery.SubscriptionId && other.OrderKey == delivery.OrderKey);

    private static Delivery Pending(string id, HubEvent hubEvent, string subscriptionId, DateTimeOffset now) => new()
    {
        Id = id,
        EventId = hubEvent.Id,
        SubscriptionId = subscriptionId,
        Project = hubEvent.Project,
        EventType = hubEvent.Type,
        Status = DeliveryStatus.Pending,
        Attempts = 0,
        NextAttemptAt = now,
        CreatedAt = now,
    };

    private static Page<T> Cut<T>(IEnumerable<T> rows, Func<T, string> key, PageRequest page)
    {
        T[] found = [.. rows.OrderByDescending(key, StringComparer.Ordinal).Where(row => page.Cursor is null || string.CompareOrdinal(key(row), page.Cursor) < 0).Take(page.Limit + 1)];
        return found.Length > page.Limit ? new Page<T>(found[..page.Limit], key(found[page.Limit - 1])) : new Page<T>(found, null);
    }

    private Task<T> Locked<T>(Func<T> work)
    {
        lock (gate)
            return Task.FromResult(work());
    }
}
