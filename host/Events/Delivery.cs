namespace IntegrationHub.Host.Events;

internal enum DeliveryStatus
{
    /// <summary>Waits for its next attempt.</summary>
    Pending,

    /// <summary>The target took it.</summary>
    Delivered,

    /// <summary>Ran out of tries, or can never succeed: a dead letter.</summary>
    Dead,

    /// <summary>Its subscription is gone.</summary>
    Cancelled,
}

/// <summary>An event on its way to one subscription.</summary>
internal sealed record Delivery
{
    /// <summary>When a delivery is due that waits for another of its key.</summary>
    public static readonly DateTimeOffset NotYet = DateTimeOffset.MaxValue;

    public required string Id { get; init; }

    public required string EventId { get; init; }

    public required string SubscriptionId { get; init; }

    public required string Project { get; init; }

    public required string EventType { get; init; }

    public required DeliveryStatus Status { get; init; }

    public required int Attempts { get; init; }

    /// <summary>When the next attempt is due; meaningful while pending.</summary>
    public required DateTimeOffset NextAttemptAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Why the last attempt failed or the delivery is dead, as a sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>The dead delivery that this one replays.</summary>
    public string? ReplayOf { get; init; }

    /// <summary>The key within which the subscription's deliveries keep their order: a fingerprint. <see langword="null"/> for none.</summary>
    public string? OrderKey { get; init; }

    /// <summary>Whether it is not due before another of its key is done.</summary>
    public bool WaitsForItsTurn => Status == DeliveryStatus.Pending && NextAttemptAt == NotYet;

    /// <summary>The event, with its data. Filled by <see cref="IDeliveryStore.LeaseAsync"/> only.</summary>
    public HubEvent? Event { get; init; }
}

/// <summary>One try.</summary>
internal sealed record DeliveryAttempt
{
    public required string Id { get; init; }

    public required string DeliveryId { get; init; }

    /// <summary>From 1.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>The target's status; <see langword="null"/> when it did not answer.</summary>
    public int? Status { get; init; }

    /// <summary><c>delivered</c>, <c>refused</c> (an answer that is no success), <c>timeout</c>, <c>connect_failed</c>, <c>denied</c> (address not allowed), <c>transform_failed</c>, <c>error</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>What went wrong, as a sentence without secrets.</summary>
    public string? Error { get; init; }

    /// <summary>The answer's headers, without the values of those that hold secrets.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ResponseHeaders { get; init; } = [];

    /// <summary>Where on its way it failed: one of <see cref="DeadLetters.DeliverySteps"/>; <see langword="null"/> when it did not.</summary>
    public string? Step { get; init; }

    /// <summary>The first kilobytes of the answer.</summary>
    public string? ResponseBody { get; init; }
}

/// <summary>What an attempt did to its delivery.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Status">The delivery's status after it.</param>
/// <param name="NextAttemptAt">When to try again, while pending.</param>
/// <param name="Reason">Why it failed or died.</param>
/// <param name="Counts">Whether it was an attempt; else it leaves only its reason behind, and the next has its number.</param>
internal sealed record AttemptRecord(DeliveryAttempt Attempt, DeliveryStatus Status, DateTimeOffset? NextAttemptAt, string? Reason, bool Counts = true)
{
    /// <summary>The delivery's attempts after it.</summary>
    public int Attempts => Counts ? Attempt.Number : Attempt.Number - 1;
}
