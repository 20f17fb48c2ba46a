using IntegrationHub.Host.Events.DeadLetters;

namespace IntegrationHub.Host.Events.Replays;

internal enum ReplayState
{
    /// <summary>Feeds deliveries at its rate.</summary>
    Running,

    /// <summary>Through.</summary>
    Completed,

    /// <summary>Somebody called it off; what it made by then stays on its way.</summary>
    Cancelled,
}

/// <summary>A request to send many dead letters again: durable, at a rate, and to be called off.</summary>
internal sealed record Replay
{
    /// <summary><c>rpl_…</c></summary>
    public required string Id { get; init; }

    public required string Project { get; init; }

    /// <summary>Which dead letters of the project. Those given up after the replay was asked for are not among them.</summary>
    public required DeadLetterQuery Filter { get; init; }

    /// <summary>New deliveries a second.</summary>
    public required double Rate { get; init; }

    public required ReplayState State { get; init; }

    /// <summary>How many dead letters there were to replay when it was asked for.</summary>
    public long Total { get; init; }

    public long Made { get; init; }

    /// <summary>Those that somebody else replayed meanwhile, and those whose subscription is gone.</summary>
    public long Skipped { get; init; }

    /// <summary>The last one looked at, in the order in which they were given up.</summary>
    public long Position { get; init; }

    /// <summary>The last one there was when it was asked for.</summary>
    public long Last { get; init; }

    public required DateTimeOffset NextStepAt { get; init; }

    /// <summary>The id of the API key that asked for it.</summary>
    public required string Actor { get; init; }

    public required string CorrelationId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
}
