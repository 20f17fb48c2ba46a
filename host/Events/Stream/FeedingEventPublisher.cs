namespace IntegrationHub.Host.Events.Stream;

/// <summary>Publishes, and tells the open streams. Thread-safe.</summary>
internal sealed class FeedingEventPublisher(EventPublisher inner, EventFeedSignal signal) : IEventPublisher
{
    public async Task<AppendResult> PublishAsync(RawRequest? raw, IReadOnlyList<HubEvent> events, TimeSpan dedupeWindow, CancellationToken cancellationToken)
    {
        var result = await inner.PublishAsync(raw, events, dedupeWindow, cancellationToken);
        if (result.Stored.Count > 0)
            signal.Stored();
        return result;
    }
}
