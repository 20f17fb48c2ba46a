using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Host.Events;

/// <summary>What a new subscription is made of.</summary>
internal sealed record SubscriptionRequest(
    string? Pattern,
    TargetRequest? Target,
    string? Project = null,
    string? Environment = null,
    string? Description = null,
    bool Enabled = true,
    string? OrderBy = null,
    DeliveryRequest? Delivery = null,
    IReadOnlyDictionary<string, string>? Headers = null)
{
    // No parameters: the description of the API cannot write an undefined element as their default.
    public JsonElement Filter { get; init; }

    public JsonElement Transform { get; init; }
}

/// <summary>Where events go. What a kind needs besides kind and address stands beside them.</summary>
internal sealed record TargetRequest
{
    public string? Kind { get; init; }

    public string? Url { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Settings { get; init; }
}

/// <summary>How fast events go to the target; what is left out is the hub's default.</summary>
internal sealed record DeliveryRequest(int? Concurrency = null, double? Rate = null, double? TimeoutSeconds = null);

/// <summary>The body of a rotation; may be missing.</summary>
/// <param name="Overlap">How long the former secret is signed with as well: 24h, 90m, 0s … at most 30d. Absent: <see cref="DeliveryOptions.SecretOverlap"/>.</param>
internal sealed record RotateSecretRequest(string? Overlap = null);

/// <summary>The body of a test; may be missing.</summary>
internal sealed record SubscriptionTestRequest(string? Event = null);

/// <summary>What to change. What is left out is undefined, which is not the same as <c>null</c>: that clears.</summary>
internal sealed record SubscriptionPatch
{
    public JsonElement Environment { get; init; }

    public JsonElement Description { get; init; }

    public string? Pattern { get; init; }

    public bool? Enabled { get; init; }

    public JsonElement Filter { get; init; }

    public JsonElement Transform { get; init; }

    public JsonElement OrderBy { get; init; }

    /// <summary>Members are changed one by one, unless the kind is another: that starts anew.</summary>
    public TargetRequest? Target { get; init; }

    /// <summary>Members are changed one by one; <c>null</c> clears them all.</summary>
    public JsonElement Delivery { get; init; }

    /// <summary>Headers are changed one by one: a text sets one, <c>null</c> takes one away; <c>null</c> instead of the object clears them all.</summary>
    public JsonElement Headers { get; init; }
}
