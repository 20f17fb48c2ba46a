namespace IntegrationHub.Host.Events;

internal sealed class EventPublisher(IEventStore store, SubscriptionRegistry subscriptions, DeliverySignal signal, EventMetrics metrics) : IEventPublisher
{
    public async Task<AppendResult> PublishAsync(RawRequest? raw, IReadOnlyList<HubEvent> events, TimeSpan dedupeWindow, CancellationToken cancellationToken)
    {
        var routed = new NewEvent[events.Count];
        for (var i = 0; i < routed.Length; i++)
        {
            var hubEvent = events[i];
            var matches = subscriptions.Match(hubEvent.Project, hubEvent.Environment, hubEvent.Type);
            routed[i] = new NewEvent(hubEvent, [.. matches.Select(subscription => subscription.Id)]);
        }

        var result = await store.AppendAsync(new EventAppend { Raw = raw, Events = routed, DedupeWindow = dedupeWindow }, cancellationToken);
        metrics.Appended(result.Stored.Count, result.Duplicates.Count);
        if (result.Deliveries > 0)
            signal.Wake(routed.SelectMany(static one => one.SubscriptionIds));
        return result;
    }
}
