namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Keeps what connections were granted. A record goes with its connection.</summary>
internal interface ITokenStore
{
    Task<TokenRecord?> GetAsync(string connectionId, CancellationToken cancellationToken);

    /// <summary>Those of the connections named that there are.</summary>
    Task<IReadOnlyList<TokenRecord>> ListAsync(IReadOnlyCollection<string> connectionIds, CancellationToken cancellationToken);

    /// <summary>Stores the record whose stored version is one less (none, for version 1). Completes when it is durable.</summary>
    /// <returns><see langword="false"/> when another version is there, or the connection is not.</returns>
    Task<bool> TrySaveAsync(TokenRecord record, CancellationToken cancellationToken);

    /// <returns>Whether it was there.</returns>
    Task<bool> DeleteAsync(string connectionId, CancellationToken cancellationToken);

    /// <summary>
    /// What people granted and is to be refreshed by a time: authorised, with no pause that lasts longer. Whoever's turn came first is first, and the end of a pause is a new turn, so
    /// that those that fail do not keep the others waiting.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="except">Connections that are left out.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<TokenRecord>> ListDueAsync(DateTimeOffset now, IReadOnlyCollection<string> except, int limit, CancellationToken cancellationToken);
}

/// <summary>Keeps authorisations that are under way.</summary>
internal interface IPendingAuthorizationStore
{
    Task AddAsync(PendingAuthorization pending, CancellationToken cancellationToken);

    /// <summary>By the hash of its handle, while nobody has opened it.</summary>
    Task<PendingAuthorization?> FindByHandleAsync(byte[] handleHash, CancellationToken cancellationToken);

    /// <summary>Gives it to the browser that opens it: state and session are set once.</summary>
    /// <returns><see langword="false"/> when it was opened before, or is gone.</returns>
    Task<bool> TryOpenAsync(byte[] handleHash, byte[] stateHash, byte[] sessionHash, byte[]? sealedVerifier, string? issuer, bool issuerRequired, CancellationToken cancellationToken);

    /// <summary>Takes it out by the hash of its state: nobody gets it twice.</summary>
    Task<PendingAuthorization?> TakeAsync(byte[] stateHash, CancellationToken cancellationToken);

    /// <returns>How many had ended before the time and were deleted.</returns>
    Task<int> PurgeAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>An authorisation that was started and has not come back. Handle, state and the browser's session are kept as hashes: who reads the storage can finish nobody's flow.</summary>
internal sealed record PendingAuthorization
{
    public required byte[] HandleHash { get; init; }

    public required string ConnectionId { get; init; }

    public required string AuthId { get; init; }

    public required byte[] Binding { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Sent to the token endpoint exactly as to the authorisation endpoint (RFC 6749 §4.1.3).</summary>
    public required string RedirectUri { get; init; }

    public string? ReturnUrl { get; init; }

    /// <summary>The key that started it.</summary>
    public required string Actor { get; init; }

    public required string ActorName { get; init; }

    public required string CorrelationId { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The hash of the browser's cookie; <see langword="null"/> until it is opened.</summary>
    public byte[]? SessionHash { get; init; }

    /// <summary>The PKCE verifier, sealed.</summary>
    public byte[]? SealedVerifier { get; init; }

    /// <summary>The issuer that must have answered (RFC 9207), where it is known.</summary>
    public string? Issuer { get; init; }

    /// <summary>Whether the issuer promises to name itself in its answer.</summary>
    public bool IssuerRequired { get; init; }
}
