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
