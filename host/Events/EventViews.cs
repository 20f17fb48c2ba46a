using System.Text.Json.Serialization;

namespace IntegrationHub.Host.Events;

/// <summary>An event in lists: everything but its data.</summary>
internal sealed record EventSummary(
    string Id, string Type, string Provider, string? ConnectionId, string Project, string Environment, string? Subject,
    string ProviderEventId, DateTimeOffset Time, DateTimeOffset ReceivedAt, string CorrelationId, string? ReprocessOf)
{
    public static EventSummary Of(HubEvent hubEvent) => new(
        hubEvent.Id, hubEvent.Type, hubEvent.Provider, hubEvent.ConnectionId, hubEvent.Project, hubEvent.Environment, hubEvent.Subject,
        hubEvent.ProviderEventId, hubEvent.Time, hubEvent.ReceivedAt, hubEvent.CorrelationId, hubEvent.ReprocessOf);
}

/// <summary>A delivery as the API shows it.</summary>
internal sealed record DeliveryView(
    string Id, string EventId, string EventType, string SubscriptionId, string Project, DeliveryStatus Status, int Attempts,
    DateTimeOffset? NextAttemptAt, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, string? Reason, string? ReplayOf)
{
    public static DeliveryView Of(Delivery delivery) => new(
        delivery.Id, delivery.EventId, delivery.EventType, delivery.SubscriptionId, delivery.Project, delivery.Status, delivery.Attempts,
        delivery.Status == DeliveryStatus.Pending ? delivery.NextAttemptAt : null, delivery.CreatedAt, delivery.CompletedAt, delivery.Reason, delivery.ReplayOf);
}

/// <summary>A delivery with its history.</summary>
internal sealed record DeliveryDetails(DeliveryView Delivery, IReadOnlyList<AttemptView> Attempts, IReadOnlyList<string> ReplayedBy);

/// <summary>One attempt as the API shows it.</summary>
internal sealed record AttemptView(int Number, DateTimeOffset StartedAt, double DurationMs, int? Status, string Outcome, string? Step, string? Error, string? ResponseBody)
{
    public static AttemptView Of(DeliveryAttempt attempt) => new(
        attempt.Number, attempt.StartedAt, Math.Round(attempt.Duration.TotalMilliseconds, 1), attempt.Status, attempt.Outcome, attempt.Step, attempt.Error, attempt.ResponseBody);
}

/// <summary>The result of a test delivery.</summary>
internal sealed record SubscriptionTestResult(bool Ok, AttemptView Attempt);

internal sealed record TargetView(string Kind, string Url);

/// <summary>A subscription as the API shows it; with its secret only where that was just made.</summary>
internal sealed record SubscriptionView(
    string Id, string Pattern, string Project, string? Environment, string? Description, TargetView Target, bool Enabled, string? DisabledReason,
    DateTimeOffset? PreviousSecretValidUntil, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    public static SubscriptionView Of(Subscription subscription, string? secret = null) => new(
        subscription.Id, subscription.Pattern, subscription.Project, subscription.Environment, subscription.Description,
        new TargetView(subscription.TargetKind, subscription.Url), subscription.Enabled, subscription.DisabledReason,
        subscription.PreviousSecretValidUntil, subscription.CreatedAt, subscription.UpdatedAt)
    {
        Secret = secret,
    };
}

/// <summary>The new deliveries that a replay made.</summary>
internal sealed record ReplayResult(IReadOnlyList<string> Deliveries);

/// <summary>A raw request as it came. The text is there when the body is UTF-8.</summary>
internal sealed record RawRequestView(
    string Id, string EventId, DateTimeOffset ReceivedAt, DateTimeOffset ExpiresAt, string Method, string Url,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Headers, string BodyBase64, string? BodyText, string BodySha256);
