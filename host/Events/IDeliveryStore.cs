using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>The queue of deliveries. A lease keeps a delivery to one worker until it expires; a crashed worker's deliveries are taken over then.</summary>
internal interface IDeliveryStore
{
    /// <summary>
    /// Leases up to <paramref name="max"/> pending deliveries that are due and not leased, the longest due first, with their events. Of the deliveries of one subscription
    /// with one <see cref="Delivery.OrderKey"/> only the oldest pending one can be due.
    /// </summary>
    Task<IReadOnlyList<Delivery>> LeaseAsync(string owner, DateTimeOffset now, TimeSpan leaseFor, int max, CancellationToken cancellationToken);

    /// <summary>
    /// As above, passing over the deliveries of the subscriptions named: their endpoints already have in flight what they may. Without this a backlog for one slow
    /// endpoint would fill every lease.
    /// </summary>
    Task<IReadOnlyList<Delivery>> LeaseExceptAsync(
        string owner, DateTimeOffset now, TimeSpan leaseFor, int max, IReadOnlyCollection<string> exceptSubscriptions, CancellationToken cancellationToken);

    /// <summary>Records an attempt and its outcome, and ends the lease: one transaction. Ignored when another owner has taken the delivery over.</summary>
    Task RecordAsync(string owner, AttemptRecord record, CancellationToken cancellationToken);

    /// <summary>Gives leased deliveries back untouched, at shutdown.</summary>
    Task ReleaseAsync(string owner, IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken);

    /// <summary>
    /// When the next pending delivery can be leased: when it is due, or when its lease expires if that is later. <see langword="null"/> when none is pending.
    /// </summary>
    Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken);

    Task<Delivery?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>In order.</summary>
    Task<IReadOnlyList<DeliveryAttempt>> ListAttemptsAsync(string deliveryId, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<Delivery>> ListAsync(DeliveryQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Makes new pending deliveries (replays, tests).</summary>
    Task AddAsync(IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken);

    /// <summary>Makes a pending delivery due now, unless it waits for an earlier one of its order key.</summary>
    /// <returns>Whether it was pending, and first of its key.</returns>
    Task<bool> MakeDueAsync(string id, DateTimeOffset now, CancellationToken cancellationToken);
}

internal sealed record DeliveryQuery
{
    public DeliveryStatus? Status { get; init; }

    public string? SubscriptionId { get; init; }

    public string? EventId { get; init; }

    /// <summary>A pattern as in subscriptions.</summary>
    public string? EventType { get; init; }

    /// <summary>By time of creation.</summary>
    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    public IReadOnlySet<string>? VisibleProjects { get; init; }
}
