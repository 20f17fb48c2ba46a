using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>What was given up. A row is made in the transaction in which a delivery becomes dead. Thread-safe.</summary>
internal interface IDeadLetterStore
{
    Task<DeadLetter?> GetAsync(string deliveryId, CancellationToken cancellationToken);

    /// <summary>What was given up last comes first.</summary>
    Task<Page<DeadLetter>> ListAsync(DeadLetterQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>By fingerprint, the largest first.</summary>
    Task<IReadOnlyList<DeadLetterGroup>> GroupsAsync(DeadLetterQuery query, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a new delivery for each dead letter of the query that has none yet, the oldest first, up to <paramref name="limit"/>. Each is claimed and made in one transaction:
    /// two who ask at the same time make one delivery.
    /// </summary>
    Task<DeadLetterReplay> ReplayAsync(DeadLetterQuery query, int limit, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Makes a new delivery for one dead letter, also when it was replayed before, but not while that replay is still on its way.</summary>
    /// <returns>The new delivery; or the one that is on its way, and <see langword="false"/>. <see langword="null"/> when it is no dead letter.</returns>
    Task<(Delivery Delivery, bool IsNew)?> ReplayOneAsync(string deliveryId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Those nobody was told of, the oldest first.</summary>
    Task<IReadOnlyList<DeadLetterNotice>> ListUntoldAsync(int limit, CancellationToken cancellationToken);

    Task MarkToldAsync(IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken);

    /// <summary>Gives those that an earlier version left without a cause one; returns how many.</summary>
    Task<int> ExplainAsync(int batch, CancellationToken cancellationToken);
}
