using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

internal interface ISubscriptionStore
{
    Task AddAsync(Subscription subscription, CancellationToken cancellationToken);

    Task<Subscription?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<Subscription>> ListAsync(IReadOnlySet<string>? visibleProjects, string? project, PageRequest page, CancellationToken cancellationToken);

    /// <summary>All that are enabled, for the router's snapshot.</summary>
    Task<IReadOnlyList<Subscription>> ListEnabledAsync(CancellationToken cancellationToken);

    /// <summary>Replaces the one whose stored version is one less.</summary>
    /// <returns>Whether it was replaced.</returns>
    Task<bool> UpdateAsync(Subscription subscription, CancellationToken cancellationToken);

    /// <summary>Deletes it; its pending deliveries become <see cref="DeliveryStatus.Cancelled"/> in the same transaction.</summary>
    Task<bool> DeleteAsync(string id, CancellationToken cancellationToken);
}
