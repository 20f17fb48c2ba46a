using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>The queue of deliveries. A lease keeps a delivery to one worker until it expires; a crashed worker's deliveries are taken over then.</summary>
internal interface IDeliveryStore
{
    /// <summary>
    /// Leases pending deliveries that are due and free, the longest due first, with their events: of each subscription named as many as its share says. One transaction. Of the deliveries
    /// of one subscription with one <see cref="Delivery.OrderKey"/> only the oldest pending one can be due.
    /// </summary>
    /// <returns>One for each share, in order.</returns>
    Task<IReadOnlyList<LeasedShare>> LeaseAsync(string owner, DateTimeOffset now, TimeSpan leaseFor, IReadOnlyList<LeaseShare> shares, CancellationToken cancellationToken);

    /// <summary>Records attempts and their outcomes, and ends the leases: one transaction. Ignored where another owner has taken the delivery over.</summary>
    Task RecordAsync(string owner, IReadOnlyList<AttemptRecord> records, CancellationToken cancellationToken);

    /// <summary>Gives leased deliveries back untouched.</summary>
    Task ReleaseAsync(string owner, IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken);

    /// <summary>Frees deliveries whose lease has expired: their worker is gone. Not those that the owner says it is at work on: where a clock jumped ahead, a lease has ended and its worker has not.</summary>
    /// <returns>Their subscriptions; as many as were freed, so fewer than <paramref name="max"/> when all are.</returns>
    Task<IReadOnlyList<string>> FreeExpiredAsync(string owner, IReadOnlyCollection<string> held, DateTimeOffset now, int max, CancellationToken cancellationToken);

    /// <summary>Which subscriptions have deliveries that wait, and from when on.</summary>
    /// <param name="owner">Whose leases are not counted.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<DeliveryAgenda> AgendaAsync(string owner, CancellationToken cancellationToken);

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

/// <summary>How many deliveries of a subscription to lease at most.</summary>
internal readonly record struct LeaseShare(string SubscriptionId, int Max);

/// <summary>What was leased of a share.</summary>
/// <param name="SubscriptionId">The share's.</param>
/// <param name="Deliveries">The longest due first.</param>
/// <param name="NextDue">When the first of the subscription's others that are free is due; <see langword="null"/> when there is none.</param>
internal sealed record LeasedShare(string SubscriptionId, IReadOnlyList<Delivery> Deliveries, DateTimeOffset? NextDue);

/// <summary>What waits in the queue.</summary>
/// <param name="Due">For each subscription with deliveries that are pending and free, when the first is due.</param>
/// <param name="LeaseEnds">When the first lease of another owner ends; <see langword="null"/> when there is none.</param>
internal sealed record DeliveryAgenda(IReadOnlyList<KeyValuePair<string, DateTimeOffset>> Due, DateTimeOffset? LeaseEnds);

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
