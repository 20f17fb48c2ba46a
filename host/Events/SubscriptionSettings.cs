using System.Text.Json;

namespace IntegrationHub.Host.Events;

/// <summary>What a subscription asks for beyond a pattern and an address. Kept as one JSON object, so that a setting more is no new column. Immutable.</summary>
internal sealed record SubscriptionSettings
{
    public static SubscriptionSettings None { get; } = new();

    /// <summary>A condition on fields of the event; <see langword="null"/> for none.</summary>
    public JsonElement? Filter { get; init; }

    /// <summary>A template of what is sent instead of the event; <see langword="null"/> to send the event.</summary>
    public JsonElement? Transform { get; init; }

    /// <summary>What is delivered in order: <c>subject</c>, or a pointer into the event. <see langword="null"/> for no order.</summary>
    public string? OrderBy { get; init; }

    /// <summary>
    /// What the target's kind needs besides an address; checked by the kind's <see cref="IDeliveryTarget"/>. <see langword="null"/> for nothing. For secret members
    /// (<see cref="IDeliveryTarget.SecretMembers"/>) a mask stands here, and the value is sealed (<see cref="SubscriptionSecrets.OpenTarget"/>).
    /// </summary>
    public JsonElement? Target { get; init; }

    /// <summary>The names of the headers that are added to what is sent; their values are sealed (<see cref="SubscriptionSecrets.OpenHeaders"/>). <see langword="null"/> for none.</summary>
    public IReadOnlyList<string>? Headers { get; init; }

    /// <summary>Attempts in flight at once on one node; <see langword="null"/> for <see cref="DeliveryOptions.ConcurrencyPerEndpoint"/>.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Attempts a second on one node; <see langword="null"/> for no limit.</summary>
    public double? Rate { get; init; }

    /// <summary>The time for one attempt in seconds; <see langword="null"/> for <see cref="DeliveryOptions.Timeout"/>.</summary>
    public double? TimeoutSeconds { get; init; }
}
