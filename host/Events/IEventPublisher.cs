namespace IntegrationHub.Host.Events;

/// <summary>Routes and stores events: matches subscriptions, appends event and outbox in one transaction, wakes the workers. Thread-safe.</summary>
internal interface IEventPublisher
{
    /// <summary>Completes when the events are durable.</summary>
    /// <exception cref="StoreBusyException">The store takes no more for the moment.</exception>
    Task<AppendResult> PublishAsync(RawRequest? raw, IReadOnlyList<HubEvent> events, TimeSpan dedupeWindow, CancellationToken cancellationToken);
}
