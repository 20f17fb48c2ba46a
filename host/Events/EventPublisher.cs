namespace IntegrationHub.Host.Events;

internal sealed class EventPublisher(IEventStore store, SubscriptionRegistry subscriptions, DeliverySignal signal, EventMetrics metrics) : IEventPublisher
{
    public async Task<AppendResult> PublishAsync(RawRequest? raw, IReadOnlyList<HubEvent> events, TimeSpan dedupeWindow, CancellationToken cancellationToken)
    {
        var routed = new NewEvent[events.Count];
        for (var i = 0; i < routed.Length; i++)
        {
            var routes = subscriptions.Route(events[i]);
            routed[i] = routes.Count == 0
                ? new NewEvent(events[i], [])
                : new NewEvent(events[i], [.. routes.Select(route => route.Subscription.Id)])
                {
                    OrderKeys = routes.Any(route => route.OrderKey is not null) ? [.. routes.Select(route => route.OrderKey)] : null,
                };
        }

        var result = await store.AppendAsync(new EventAppend { Raw = raw, Events = routed, DedupeWindow = dedupeWindow }, cancellationToken);
        metrics.Appended(result.Stored.Count, result.Duplicates.Count);
        if (result.Deliveries > 0)
            signal.Wake();
        return result;
    }
}
