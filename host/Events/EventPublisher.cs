using IntegrationHub.Host.Events.Routing;

namespace IntegrationHub.Host.Events;

internal sealed class EventPublisher(IEventStore store, SubscriptionRegistry subscriptions, DeliverySignal signal, EventMetrics metrics) : IEventPublisher
{
    public async Task<AppendResult> PublishAsync(RawRequest? raw, IReadOnlyList<HubEvent> events, TimeSpan dedupeWindow, CancellationToken cancellationToken)
    {
        var routed = new NewEvent[events.Count];
        for (var i = 0; i < routed.Length; i++)
            routed[i] = Routed(events[i], subscriptions.Route(events[i]));

        var result = await store.AppendAsync(new EventAppend { Raw = raw, Events = routed, DedupeWindow = dedupeWindow }, cancellationToken);
        metrics.Appended(result.Stored.Count, result.Duplicates.Count);
        if (result.Deliveries > 0)
            signal.Wake(routed.SelectMany(static one => one.SubscriptionIds));
        return result;
    }

    private static NewEvent Routed(HubEvent hubEvent, IReadOnlyList<RoutedSubscription> routes)
    {
        if (routes.Count == 0)
            return new NewEvent(hubEvent, []);

        var ids = new string[routes.Count];
        string?[]? keys = null;
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = routes[i].Subscription.Id;
            if (routes[i].OrderKey is { } key)
                (keys ??= new string?[ids.Length])[i] = key;
        }

        return new NewEvent(hubEvent, ids) { OrderKeys = keys };
    }
}
