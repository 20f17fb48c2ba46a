using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Host.Events.Routing;

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
    DateTimeOffset? NextAttemptAt, bool WaitsForItsTurn, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, string? Reason, string? ReplayOf)
{
    public static DeliveryView Of(Delivery delivery) => new(
        delivery.Id, delivery.EventId, delivery.EventType, delivery.SubscriptionId, delivery.Project, delivery.Status, delivery.Attempts,
        delivery.Status == DeliveryStatus.Pending && !delivery.WaitsForItsTurn ? delivery.NextAttemptAt : null, delivery.WaitsForItsTurn, delivery.CreatedAt, delivery.CompletedAt, delivery.Reason, delivery.ReplayOf);
}

/// <summary>A delivery with its history.</summary>
internal sealed record DeliveryDetails(DeliveryView Delivery, IReadOnlyList<AttemptView> Attempts, IReadOnlyList<string> ReplayedBy);

/// <summary>One attempt as the API shows it.</summary>
internal sealed record AttemptView(
    int Number, DateTimeOffset StartedAt, double DurationMs, int? Status, string Outcome, string? Step, string? Error, IReadOnlyList<HeaderView> ResponseHeaders, string? ResponseBody)
{
    public static AttemptView Of(DeliveryAttempt attempt) => new(
        attempt.Number, attempt.StartedAt, Math.Round(attempt.Duration.TotalMilliseconds, 1), attempt.Status, attempt.Outcome, attempt.Step, attempt.Error,
        [.. attempt.ResponseHeaders.Select(header => new HeaderView(header.Key, header.Value))], attempt.ResponseBody);
}

/// <summary>A header of an answer; without its value when it holds credentials.</summary>
internal sealed record HeaderView(string Name, string Value);

/// <summary>The result of a test delivery.</summary>
internal sealed record SubscriptionTestResult(bool Ok, AttemptView Attempt)
{
    /// <summary>What would have kept the event away; only for an event that was named.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FilterMismatch>? Failed { get; init; }
}

/// <summary>Where events go; members of the kind stand beside these, secret ones masked.</summary>
internal sealed record TargetView(string Kind, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Settings { get; init; }

    public static TargetView Of(Subscription subscription) => new(subscription.TargetKind, subscription.Url.Length == 0 ? null : subscription.Url)
    {
        Settings = subscription.Settings.Target?.EnumerateObject().ToDictionary(member => member.Name, member => member.Value),
    };
}

/// <summary>How fast events go to the target, as far as it was asked for.</summary>
internal sealed record DeliverySettingsView(int? Concurrency, double? Rate, double? TimeoutSeconds)
{
    public static DeliverySettingsView? Of(SubscriptionSettings settings) =>
        settings is { Concurrency: null, Rate: null, TimeoutSeconds: null } ? null : new(settings.Concurrency, settings.Rate, settings.TimeoutSeconds);
}

/// <summary>A subscription as the API shows it; with its secret only where that was just made.</summary>
internal sealed record SubscriptionView(
    string Id, string Pattern, JsonElement? Filter, string Project, string? Environment, string? Description, TargetView Target, JsonElement? Transform, string? OrderBy,
    DeliverySettingsView? Delivery, IReadOnlyDictionary<string, string>? Headers, bool Enabled, string? DisabledReason, DateTimeOffset? PreviousSecretValidUntil,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    public static SubscriptionView Of(Subscription subscription, string? secret = null) => new(
        subscription.Id, subscription.Pattern, subscription.Settings.Filter, subscription.Project, subscription.Environment, subscription.Description, TargetView.Of(subscription),
        subscription.Settings.Transform, subscription.Settings.OrderBy, DeliverySettingsView.Of(subscription.Settings),
        subscription.Settings.Headers?.ToDictionary(name => name, _ => SubscriptionHeaders.Mask), subscription.Enabled, subscription.DisabledReason,
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
