namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>A delivery that was given up, with why.</summary>
internal sealed record DeadLetter
{
    public required Delivery Delivery { get; init; }

    public required DeadLetterCause Cause { get; init; }

    public required DateTimeOffset DiedAt { get; init; }

    /// <summary>The newest delivery that replays it; <see langword="null"/> while nobody asked for that.</summary>
    public string? ReplayedBy { get; init; }

    /// <summary>Its place in the order in which deliveries were given up.</summary>
    public long Number { get; init; }
}

/// <summary>Dead letters of one cause at one target.</summary>
internal sealed record DeadLetterGroup
{
    public required string Fingerprint { get; init; }

    public required string SubscriptionId { get; init; }

    public required string Project { get; init; }

    public required string Step { get; init; }

    public int? Status { get; init; }

    public required string Pattern { get; init; }

    public required long Count { get; init; }

    /// <summary>How many of them nobody has replayed.</summary>
    public required long Open { get; init; }

    public required DateTimeOffset FirstSeen { get; init; }

    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>The newest of them.</summary>
    public required string Latest { get; init; }
}

/// <summary>Which dead letters; an empty one means all.</summary>
internal sealed record DeadLetterQuery
{
    public string? Project { get; init; }

    public string? SubscriptionId { get; init; }

    /// <summary>A pattern as in subscriptions.</summary>
    public string? EventType { get; init; }

    public string? Fingerprint { get; init; }

    public string? Step { get; init; }

    /// <summary>By the time at which the delivery was made.</summary>
    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    /// <summary>Whether it was replayed; <see langword="null"/> for both.</summary>
    public bool? Replayed { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlySet<string>? VisibleProjects { get; init; }
}

/// <summary>A dead letter that nobody was told of, with what its event says of where it belongs.</summary>
internal sealed record DeadLetterNotice(DeadLetter Letter, string Environment, string CorrelationId);

/// <summary>What became of dead letters that were asked for again.</summary>
/// <param name="Made">The new deliveries.</param>
/// <param name="Skipped">Those replayed before, and those whose subscription is gone.</param>
/// <param name="HasMore">Whether the limit left some.</param>
internal sealed record DeadLetterReplay(IReadOnlyList<string> Made, int Skipped, bool HasMore);
