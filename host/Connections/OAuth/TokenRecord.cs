namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Where the authorisation of a connection stands.</summary>
internal enum TokenState
{
    /// <summary>There is a token, or one can be had.</summary>
    Authorized,

    /// <summary>Only a person can help.</summary>
    ReauthorizationRequired,
}

/// <summary>What the hub was granted for one connection, as it is kept: tokens sealed under the connection's data key. Immutable.</summary>
internal sealed record TokenRecord
{
    public required string ConnectionId { get; init; }

    /// <summary>The way to authenticate it was granted for.</summary>
    public required string AuthId { get; init; }

    /// <summary>Whether a person granted it: then it cannot be had again without one.</summary>
    public required bool ByPerson { get; init; }

    /// <summary>A hash of what decides where the tokens go and whose they are: tokens do not follow a connection to another address or client.</summary>
    public required byte[] Binding { get; init; }

    /// <summary>A <see cref="TokenSet"/>, sealed; <see langword="null"/> when none was ever had.</summary>
    public byte[]? Sealed { get; init; }

    /// <summary>Scopes granted; <see langword="null"/> when that is not known.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The account at the provider.</summary>
    public string? AccountId { get; init; }

    /// <summary>When the access token was asked for.</summary>
    public DateTimeOffset? ObtainedAt { get; init; }

    /// <summary>When the access token ends; <see langword="null"/> when that is not known.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it is to be refreshed; <see langword="null"/> for never by itself.</summary>
    public DateTimeOffset? RefreshAt { get; init; }

    /// <summary>When the refresh token ends, where the provider says.</summary>
    public DateTimeOffset? GrantEndsAt { get; init; }

    public TokenState State { get; init; }

    /// <summary>What went wrong last; <see langword="null"/> when nothing has since the last success.</summary>
    public TokenFault? Fault { get; init; }

    /// <summary>Nothing is asked of the provider before.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>When a token was last obtained, authorised or refreshed.</summary>
    public DateTimeOffset? LastRefreshAt { get; init; }

    /// <summary>Counts changes; a change made from a stale copy is refused. 0 is not stored yet.</summary>
    public int Version { get; init; }
}

/// <summary>Why a token could not be had.</summary>
/// <param name="Code">A stable word: <c>invalid_grant</c>, <c>unavailable</c>.</param>
/// <param name="Message">A sentence without secrets.</param>
/// <param name="At">When.</param>
/// <param name="Count">How often in a row.</param>
internal sealed record TokenFault(string Code, string Message, DateTimeOffset At, int Count);

/// <summary>Opened tokens. They live as long as a call; never keep, log or return them.</summary>
internal sealed record TokenSet
{
    public required string AccessToken { get; init; }

    public string TokenType { get; init; } = "Bearer";

    public string? RefreshToken { get; init; }

    /// <summary>What the manifest keeps besides, by name.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>Never a token.</summary>
    public override string ToString() => nameof(TokenSet);
}
