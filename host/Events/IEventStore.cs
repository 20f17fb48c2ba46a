using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>Keeps events and their outbox. Appends from many callers are committed together; a completed append is durable.</summary>
internal interface IEventStore
{
    /// <summary>
    /// Stores the events that are not repetitions, a pending delivery for each subscription named with them, and the raw request unless every event is a repetition:
    /// one transaction, all or nothing.
    /// An event is a repetition when its connection (or project, when it has none) and provider event id were stored within the dedupe window before.
    /// </summary>
    /// <exception cref="StoreBusyException">The queue of appends is full: answer 503, acknowledge nothing.</exception>
    Task<AppendResult> AppendAsync(EventAppend append, CancellationToken cancellationToken);

    Task<HubEvent?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first, without data.</summary>
    Task<Page<HubEvent>> ListAsync(EventQuery query, PageRequest page, CancellationToken cancellationToken);

    Task<RawRequest?> GetRawAsync(string requestId, CancellationToken cancellationToken);

    /// <summary>The events that came with a raw request, with their data, in order; then those that were made of it again later, in order.</summary>
    Task<IReadOnlyList<HubEvent>> ListOfRequestAsync(RawRequest raw, CancellationToken cancellationToken);

    /// <summary>Deletes up to <paramref name="batch"/> rows of expired raw requests and of what repetitions are recognised by; returns how many.</summary>
    Task<int> PurgeExpiredAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken);
}

/// <summary>What one append stores.</summary>
internal sealed record EventAppend
{
    public RawRequest? Raw { get; init; }

    public required IReadOnlyList<NewEvent> Events { get; init; }

    public required TimeSpan DedupeWindow { get; init; }
}

/// <summary>An event with the subscriptions it goes to.</summary>
internal sealed record NewEvent(HubEvent Event, IReadOnlyList<string> SubscriptionIds)
{
    /// <summary>
    /// For each subscription the key within which its deliveries keep their order; <see langword="null"/> for none. <see langword="null"/> as a whole when none has one.
    /// </summary>
    public IReadOnlyList<string?>? OrderKeys { get; init; }
}

/// <summary>What an append came to: the events stored, and those that were repetitions, each in the order given.</summary>
/// <param name="Stored">Ids of the stored events.</param>
/// <param name="Duplicates">For each repetition the id of the event first stored; its own when that one is deleted.</param>
/// <param name="Deliveries">How many deliveries were made.</param>
internal sealed record AppendResult(IReadOnlyList<string> Stored, IReadOnlyList<string> Duplicates, int Deliveries);

internal sealed record EventQuery
{
    public string? Provider { get; init; }

    /// <summary>A pattern as in subscriptions (<c>stripe.payment_intent.*</c>).</summary>
    public string? Type { get; init; }

    public string? ConnectionId { get; init; }

    public string? Subject { get; init; }

    /// <summary>Events of which a delivery is so.</summary>
    public DeliveryStatus? Status { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    public IReadOnlySet<string>? VisibleProjects { get; init; }
}

/// <summary>The store takes no more for the moment.</summary>
internal sealed class StoreBusyException() : Exception("The store's queue is full.");
