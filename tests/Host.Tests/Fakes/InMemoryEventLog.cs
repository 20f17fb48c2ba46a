using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Stream;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>The events of the store in memory, in order.</summary>
internal sealed class InMemoryEventLog(InMemoryEventStore store) : IEventLog
{
    public Task<EventSlice> ReadAsync(long after, int max, EventLogFilter filter, CancellationToken cancellationToken)
    {
        var all = store.Events;
        List<NumberedEvent> found = [];
        var at = (int)after;
        for (; at < all.Count && found.Count < max; at++)
            if ((filter.Projects?.Contains(all[at].Project) ?? true) && (filter.Environment ?? all[at].Environment) == all[at].Environment && (filter.Type is null || EventPattern.Parse(filter.Type).Matches(all[at].Type)))
                found.Add(new NumberedEvent(at + 1, all[at]));

        return Task.FromResult(new EventSlice(found, at, at >= all.Count));
    }

    public Task<long> LastAsync(CancellationToken cancellationToken) => Task.FromResult((long)store.Events.Count);

    public Task<long> BeforeAsync(DateTimeOffset receivedFrom, CancellationToken cancellationToken) =>
        Task.FromResult((long)store.Events.TakeWhile(one => one.ReceivedAt < receivedFrom).Count());
}
