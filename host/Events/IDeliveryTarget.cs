using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

/// <summary>A kind of target that events are sent to. Implementations are registered as services, one for each kind, and are thread-safe.</summary>
internal interface IDeliveryTarget
{
    /// <summary>The kind as it stands in <c>target.kind</c>.</summary>
    string Kind { get; }

    /// <summary>The members of <c>target</c> that are kept sealed and never shown.</summary>
    IReadOnlyCollection<string> SecretMembers => [];

    /// <summary>What is wrong with a subscription's target, with pointers below <c>/target</c>; empty when nothing is. Contacts nobody.</summary>
    IEnumerable<ValidationIssue> Check(Subscription subscription);

    /// <summary>
    /// What is wrong with what the target names in this hub (a connection): asked after <see cref="Check"/> found nothing, for a new subscription and when target or environment change or it
    /// is enabled.
    /// </summary>
    ValueTask<IReadOnlyList<ValidationIssue>> LookUpAsync(Subscription subscription, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<ValidationIssue>>([]);

    /// <summary>What people may read of the target, in audit entries and reasons: no secrets. Chat services put tokens into the path of addresses, so an address is its host.</summary>
    string Describe(Subscription subscription);

    /// <summary>Sends one event once. Does not throw for what the target does.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: whether the target got the event is not known.</exception>
    Task<TargetAnswer> SendAsync(TargetDelivery delivery, CancellationToken cancellationToken);
}

/// <summary>One event to be sent to one target.</summary>
/// <param name="DeliveryId">The delivery; the same for each of its attempts.</param>
/// <param name="Number">The attempt, from 1.</param>
/// <param name="Event">The event, with its data sealed.</param>
/// <param name="Subscription">Where to.</param>
/// <param name="IsReplay">Whether a person had it sent again.</param>
/// <param name="Now">The attempt's time.</param>
internal sealed record TargetDelivery(string DeliveryId, int Number, HubEvent Event, Subscription Subscription, bool IsReplay, DateTimeOffset Now)
{
    /// <summary>What the subscription's template made of the event; <see langword="null"/> without one. <see cref="DeliveryPayloads"/> gives it, or else the event.</summary>
    public Routing.SentPayload? Payload { get; init; }
}

/// <summary>What came of sending an event once.</summary>
internal sealed record TargetAnswer
{
    /// <summary>One of <see cref="DeliveryOutcomes"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>The HTTP status, for kinds that have one.</summary>
    public int? Status { get; init; }

    /// <summary>Where on its way it failed, when the outcome does not say it: one of <see cref="DeadLetters.DeliverySteps"/>.</summary>
    public string? Step { get; init; }

    /// <summary>What went wrong, as a sentence without secrets; <see langword="null"/> when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>The answer's headers, without those that hold secrets.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The first kilobytes of the answer, without control characters.</summary>
    public string? Body { get; init; }

    /// <summary>How long the target asks to be left alone; <see langword="null"/> when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the hub itself failed before anything was sent: that says nothing of the target.</summary>
    public bool IsHubFault { get; init; }

    /// <summary>Whether this was no attempt at all: another one is still at work on the delivery, which is looked at again after <see cref="RetryAfter"/>. It uses up no try.</summary>
    public bool IsDeferred { get; init; }

    /// <summary>Whether sending the same again can only fail again: the delivery becomes a dead letter at once.</summary>
    public bool IsFinal { get; init; }
}
