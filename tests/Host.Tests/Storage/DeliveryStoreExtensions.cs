using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Tests.Storage;

/// <summary>The queue as a whole, for tests to which it does not matter whose deliveries they are.</summary>
internal static class DeliveryStoreExtensions
{
    /// <summary>Leases what is due, the longest due first, be its lease expired or free.</summary>
    public static async Task<IReadOnlyList<Delivery>> LeaseAsync(
        this IDeliveryStore store, string owner, DateTimeOffset now, TimeSpan leaseFor, int max, CancellationToken cancellationToken)
    {
        await store.FreeExpiredAsync(owner, [], now, int.MaxValue, cancellationToken);
        var agenda = await store.AgendaAsync(owner, cancellationToken);
        var leased = new List<Delivery>();
        foreach (var (subscription, _) in agenda.Due.Where(due => due.Value <= now).OrderBy(due => due.Value))
            leased.AddRange((await store.LeaseAsync(owner, now, leaseFor, [new LeaseShare(subscription, max - leased.Count)], cancellationToken)).Single().Deliveries);
        return leased;
    }

    /// <summary>When the next delivery can be leased; <see langword="null"/> when nothing will be.</summary>
    public static async Task<DateTimeOffset?> NextDueAsync(this IDeliveryStore store, CancellationToken cancellationToken)
    {
        var agenda = await store.AgendaAsync("nobody", cancellationToken);
        var due = agenda.Due.Select(static due => (DateTimeOffset?)due.Value).Min();
        return due is null || agenda.LeaseEnds < due ? agenda.LeaseEnds : due;
    }

    public static Task RecordAsync(this IDeliveryStore store, string owner, AttemptRecord record, CancellationToken cancellationToken) =>
        store.RecordAsync(owner, [record], cancellationToken);
}
