namespace IntegrationHub.Host.Events;

/// <summary>How a subscription's endpoint has been doing, as it is kept over restarts.</summary>
internal sealed record EndpointState
{
    public required string SubscriptionId { get; init; }

    /// <summary>Since when every attempt has failed; <see langword="null"/> when the last one succeeded, or none was made.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Kept to the nearest quarter of an hour while all goes well.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; init; }

    /// <summary>How often the circuit opened since the last success; each time it stays open longer.</summary>
    public int Breaks { get; init; }

    /// <summary>Until when nothing is sent; then one attempt at a time tries it out. <see langword="null"/> while the circuit is closed.</summary>
    public DateTimeOffset? OpenUntil { get; init; }

    /// <summary>Whether nothing is sent because the endpoint asked for it (<c>Retry-After</c>).</summary>
    public bool Paused { get; init; }

    /// <summary>Of the time after which it is disabled, the percentage that was last warned of.</summary>
    public int Warned { get; init; }

    /// <summary>What the last failure was, as a sentence.</summary>
    public string? LastError { get; init; }
}

/// <summary>Where the state of endpoints is kept.</summary>
internal interface IEndpointStateStore
{
    Task<IReadOnlyList<EndpointState>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Replaces the states of these subscriptions; of those that are gone nothing is kept.</summary>
    Task SaveAsync(IReadOnlyList<EndpointState> states, CancellationToken cancellationToken);
}
