namespace IntegrationHub.Host.Encryption;

/// <summary>Where a rotation stands. Immutable.</summary>
internal sealed record RewrapProgress
{
    public static RewrapProgress Idle { get; } = new();

    public RewrapState State { get; init; } = RewrapState.Idle;

    /// <summary>When the present or last pass began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last row was wrapped anew.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Data keys wrapped anew since then.</summary>
    public long Rewrapped { get; init; }

    /// <summary>Rows whose data key does not open: kind and id, the first few.</summary>
    public IReadOnlyList<string> Unreadable { get; init; } = [];
}

internal enum RewrapState
{
    /// <summary>Everything is under the current key, and there is no other.</summary>
    Idle,

    /// <summary>Data keys are being wrapped anew.</summary>
    Rewrapping,

    /// <summary>Nothing is under a former key any more; it is removed in a moment.</summary>
    Settling,

    /// <summary>Some rows do not open; the former key stays until they do, or are deleted.</summary>
    Stuck,
}
