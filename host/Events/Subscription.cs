namespace IntegrationHub.Host.Events;

/// <summary>Which events go to which target.</summary>
internal sealed record Subscription
{
    public required string Id { get; init; }

    public required string Project { get; init; }

    /// <summary><see langword="null"/> for every environment.</summary>
    public string? Environment { get; init; }

    /// <summary>Dotted; <c>*</c> stands for one segment, <c>**</c> for any number (<c>stripe.payment_intent.*</c>).</summary>
    public required string Pattern { get; init; }

    public string? Description { get; init; }

    /// <summary>The target's kind: which <see cref="IDeliveryTarget"/> sends to it.</summary>
    public required string TargetKind { get; init; }

    /// <summary>The endpoint's address, for <c>webhook</c>; empty for kinds without one.</summary>
    public required string Url { get; init; }

    /// <summary>Which of the matching events go to it, as what, and how fast. Holds no secrets.</summary>
    public SubscriptionSettings Settings { get; init; } = SubscriptionSettings.None;

    /// <summary>A JSON object of what is secret besides the signing secret (headers, a broker's password), sealed under <see cref="WrappedKey"/>; <see langword="null"/> when there is none.</summary>
    public byte[]? SealedSettings { get; init; }

    /// <summary>The signing secret (<c>whsec_…</c>), sealed under <see cref="WrappedKey"/>.</summary>
    public required byte[] SealedSecret { get; init; }

    /// <summary>The former secret, signed with as well until <see cref="PreviousSecretValidUntil"/>.</summary>
    public byte[]? SealedPreviousSecret { get; init; }

    public DateTimeOffset? PreviousSecretValidUntil { get; init; }

    public required byte[] WrappedKey { get; init; }

    public required string MasterKeyId { get; init; }

    public bool Enabled { get; init; } = true;

    /// <summary>Why the hub disabled it; <see langword="null"/> when a person did, or when it is enabled.</summary>
    public string? DisabledReason { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public int Version { get; init; } = 1;
}
