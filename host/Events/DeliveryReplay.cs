using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>Sends events again because a person asks for it: always as new deliveries, so that what happened before stays on record. Thread-safe.</summary>
internal sealed class DeliveryReplay(IDeliveryStore deliveries, SubscriptionRegistry registry, DeliverySignal signal, TimeProvider time)
{
    /// <summary>New deliveries of an event to the subscriptions that match it now, or to one of them.</summary>
    public async Task<IReadOnlyList<Delivery>> ReplayEventAsync(HubEvent hubEvent, string? subscriptionId, CancellationToken cancellationToken)
    {
        var targets = registry.Route(hubEvent);
        if (subscriptionId is not null)
            targets = [.. targets.Where(target => target.Subscription.Id == subscriptionId)];

        var made = new List<Delivery>(targets.Count);
        foreach (var (target, orderKey) in targets)
            made.Add(New(hubEvent.Id, hubEvent.Type, hubEvent.Project, target.Id, (await NewestAsync(hubEvent.Id, target.Id, cancellationToken))?.Id, orderKey));
        await AddAsync(made, cancellationToken);
        return made;
    }

    /// <summary>A new delivery for a dead letter.</summary>
    public async Task<Delivery> ReplayAsync(Delivery dead, CancellationToken cancellationToken)
    {
        var replay = Again(dead);
        await AddAsync([replay], cancellationToken);
        return replay;
    }

    /// <summary>New deliveries for all dead letters of the query that have none yet.</summary>
    public async Task<BulkReplay> ReplayAsync(DeliveryQuery query, int limit, CancellationToken cancellationToken)
    {
        var made = new List<Delivery>();
        var skipped = 0;
        string? cursor = null;
        do
        {
            var page = await deliveries.ListAsync(query with { Status = DeliveryStatus.Dead }, new PageRequest(PageRequest.MaxLimit, cursor), cancellationToken);
            foreach (var dead in page.Items)
            {
                if ((await ReplaysOfAsync(dead, cancellationToken)).Count > 0)
                {
                    skipped++;
                    continue;
                }

                if (made.Count == limit)
                {
                    await AddAsync(made, cancellationToken);
                    return new BulkReplay([.. made.Select(delivery => delivery.Id)], skipped, HasMore: true);
                }

                made.Add(Again(dead));
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null);

        await AddAsync(made, cancellationToken);
        return new BulkReplay([.. made.Select(delivery => delivery.Id)], skipped, HasMore: false);
    }

    /// <summary>The deliveries that replay this one, newest first.</summary>
    public async Task<IReadOnlyList<Delivery>> ReplaysOfAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var query = new DeliveryQuery { EventId = delivery.EventId, SubscriptionId = delivery.SubscriptionId };
        var page = await deliveries.ListAsync(query, new PageRequest(PageRequest.MaxLimit), cancellationToken);
        return [.. page.Items.Where(other => other.ReplayOf == delivery.Id)];
    }

    private async Task<Delivery?> NewestAsync(string eventId, string subscriptionId, CancellationToken cancellationToken)
    {
        var query = new DeliveryQuery { EventId = eventId, SubscriptionId = subscriptionId };
        var page = await deliveries.ListAsync(query, new PageRequest(1), cancellationToken);
        return page.Items.Count > 0 ? page.Items[0] : null;
    }

    private async Task AddAsync(List<Delivery> made, CancellationToken cancellationToken)
    {
        if (made.Count == 0)
            return;

        // Lists come newest first; what keeps an order is queued oldest first.
        await deliveries.AddAsync([.. made.AsEnumerable().Reverse()], cancellationToken);
        signal.Wake();
    }

    private Delivery Again(Delivery dead) => New(dead.EventId, dead.EventType, dead.Project, dead.SubscriptionId, dead.Id, dead.OrderKey);

    private Delivery New(string eventId, string eventType, string project, string subscriptionId, string? replayOf, string? orderKey)
    {
        var now = time.GetUtcNow();
        return new Delivery
        {
            Id = Ids.New(Ids.Delivery, now),
            EventId = eventId,
            SubscriptionId = subscriptionId,
            Project = project,
            EventType = eventType,
            Status = DeliveryStatus.Pending,
            Attempts = 0,
            NextAttemptAt = now,
            CreatedAt = now,
            ReplayOf = replayOf,
            OrderKey = orderKey,
        };
    }
}

/// <summary>What a bulk replay did.</summary>
/// <param name="Deliveries">The new deliveries.</param>
/// <param name="Skipped">Dead letters that had been replayed before.</param>
/// <param name="HasMore">Whether the limit left some.</param>
internal sealed record BulkReplay(IReadOnlyList<string> Deliveries, int Skipped, bool HasMore);
