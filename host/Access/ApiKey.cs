namespace IntegrationHub.Host.Access;

/// <summary>An API key as it is kept: its SHA-256 only. The key is 256 random bits, so a fast hash cannot be searched.</summary>
internal sealed record ApiKey
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required HubRole Role { get; init; }

    /// <summary>The projects it may see; empty for all.</summary>
    public required IReadOnlyList<string> Projects { get; init; }

    public required byte[] Hash { get; init; }

    /// <summary>The last four characters, to recognise it by.</summary>
    public required string Ending { get; init; }

    /// <summary>The hash of the key's former text, which works until <see cref="PreviousValidUntil"/>.</summary>
    public byte[]? PreviousHash { get; init; }

    public DateTimeOffset? PreviousValidUntil { get; init; }

    /// <summary>When it was given its present text; <see langword="null"/> when it still has its first.</summary>
    public DateTimeOffset? RotatedAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}
