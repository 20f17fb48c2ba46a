namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>A dead letter in lists: the delivery, and why.</summary>
internal sealed record DeadLetterView(
    string Id, string EventId, string EventType, string SubscriptionId, string Project, DeliveryStatus Status, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt,
    string? Reason, string Step, int? AnswerStatus, string Fingerprint, string? ReplayOf, string? ReplayedBy)
{
    public static DeadLetterView Of(DeadLetter letter) => new(
        letter.Delivery.Id, letter.Delivery.EventId, letter.Delivery.EventType, letter.Delivery.SubscriptionId, letter.Delivery.Project, letter.Delivery.Status, letter.Delivery.Attempts,
        letter.Delivery.CreatedAt, letter.DiedAt, letter.Delivery.Reason, letter.Cause.Step, letter.Cause.Status, letter.Cause.Fingerprint, letter.Delivery.ReplayOf, letter.ReplayedBy);
}

/// <summary>A dead letter with all that is known of it.</summary>
/// <param name="DeadLetter">The delivery, and why.</param>
/// <param name="Event">What was to be delivered, without its data.</param>
/// <param name="Target">Where to: the kind, and what may be said of the place. <see langword="null"/> when the subscription is deleted.</param>
/// <param name="Attempts">What was tried, in order; gone before the dead letter is.</param>
/// <param name="ReplayedBy">The deliveries that replay it, newest first.</param>
/// <param name="Similar">How many dead letters have the same cause at the same target, this one included.</param>
internal sealed record DeadLetterDetails(
    DeadLetterView DeadLetter, EventSummary? Event, DeadLetterTarget? Target, IReadOnlyList<AttemptView> Attempts, IReadOnlyList<string> ReplayedBy, long Similar);

internal sealed record DeadLetterTarget(string Kind, string Description, bool Enabled, string? DisabledReason);

/// <summary>Dead letters of one cause at one target.</summary>
/// <param name="Fingerprint">What names the cause at the target: use it as a filter.</param>
/// <param name="SubscriptionId">The target.</param>
/// <param name="Project">Where it belongs.</param>
/// <param name="Step">Where on its way it failed.</param>
/// <param name="AnswerStatus">The target's last status.</param>
/// <param name="Cause">The last error, with <c>#</c> for what differs.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Open">How many of them nobody has replayed.</param>
/// <param name="FirstSeen">When the first was given up.</param>
/// <param name="LastSeen">When the last was given up.</param>
/// <param name="Latest">The last one's id.</param>
internal sealed record DeadLetterGroupView(
    string Fingerprint, string SubscriptionId, string Project, string Step, int? AnswerStatus, string Cause, long Count, long Open, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, string Latest)
{
    public static DeadLetterGroupView Of(DeadLetterGroup group) => new(
        group.Fingerprint, group.SubscriptionId, group.Project, group.Step, group.Status, group.Pattern, group.Count, group.Open, group.FirstSeen, group.LastSeen, group.Latest);
}

internal sealed record DeadLetterGroups(IReadOnlyList<DeadLetterGroupView> Items);
