namespace IntegrationHub.Host.Operations.Idempotency;

/// <summary>A request that carries an <c>Idempotency-Key</c>: running, or answered.</summary>
internal sealed record IdempotentRequest
{
    /// <summary><c>idr_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The id of the API key that sent it: each has its own keys.</summary>
    public required string Scope { get; init; }

    public required string Key { get; init; }

    /// <summary>The keyed hash of what was asked for: a key that comes with something else is a mistake.</summary>
    public required byte[] Fingerprint { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Until then whoever started it is taken to be at work.</summary>
    public required DateTimeOffset RunsUntil { get; init; }

    /// <summary>When the key is free again.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The answer, sealed with the id as context; <see langword="null"/> while it runs.</summary>
    public byte[]? SealedAnswer { get; init; }
}

/// <summary>An answer that is given again.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">Of the body.</param>
/// <param name="Location">The header.</param>
/// <param name="Body">As it was sent.</param>
/// <param name="RetryAt">The time that its <c>Retry-After</c> meant: the header of a repetition names what is left of it.</param>
internal sealed record StoredAnswer(int Status, string? ContentType, string? Location, byte[] Body, DateTimeOffset? RetryAt = null);

/// <summary>Keeps idempotent requests. Thread-safe.</summary>
internal interface IIdempotencyStore
{
    /// <summary>Claims the key, durably. One whose time is over is replaced.</summary>
    /// <returns><see langword="null"/> when it was free; else who has it.</returns>
    Task<IdempotentRequest?> TryBeginAsync(IdempotentRequest request, CancellationToken cancellationToken);

    /// <summary>Takes over a request whose runner is gone.</summary>
    /// <returns>Whether it was still as given.</returns>
    Task<bool> TakeOverAsync(IdempotentRequest former, DateTimeOffset runsUntil, CancellationToken cancellationToken);

    Task AnswerAsync(string id, byte[] sealedAnswer, CancellationToken cancellationToken);

    /// <summary>Frees the key.</summary>
    Task ReleaseAsync(string id, CancellationToken cancellationToken);

    /// <summary>At start: whoever was at work in this data folder is gone.</summary>
    Task<int> AbandonAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Deletes up to a number of requests whose time is over.</summary>
    Task<int> PurgeAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken);
}
