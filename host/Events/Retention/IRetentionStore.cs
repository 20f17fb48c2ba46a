namespace IntegrationHub.Host.Events.Retention;

/// <summary>What is kept for a time.</summary>
internal enum RetentionKind
{
    /// <summary>Attempts of deliveries that have ended, with the answers they got.</summary>
    Attempts,

    /// <summary>Deliveries that were delivered or cancelled.</summary>
    Deliveries,

    /// <summary>Events, with their data, their ended deliveries and their dead letters.</summary>
    Events,
}

/// <summary>Deletes what is no longer kept, a slice at a time. Thread-safe.</summary>
internal interface IRetentionStore
{
    /// <summary>
    /// Deletes the next rows of a walk: looks at up to <paramref name="batch"/> of them beside the writer, then deletes within it until <paramref name="budget"/> is used up. What belongs to a
    /// pending delivery stays.
    /// </summary>
    Task<RetentionSlice> PurgeAsync(RetentionWalk walk, long after, int batch, TimeSpan budget, CancellationToken cancellationToken);
}

/// <summary>One walk over all rows of a kind, the oldest first.</summary>
/// <param name="Kind">What is deleted.</param>
/// <param name="Before">What is older than this is deleted.</param>
/// <param name="Projects">The projects it is about, or is not about.</param>
/// <param name="Only">Whether it is about these projects only, or about all others.</param>
internal sealed record RetentionWalk(RetentionKind Kind, DateTimeOffset Before, IReadOnlySet<string> Projects, bool Only)
{
    public bool Concerns(string project) => Projects.Contains(project) == Only;
}

/// <summary>What a slice came to.</summary>
/// <param name="Deleted">How many rows of the kind.</param>
/// <param name="Position">The last row looked at: where the next slice begins.</param>
/// <param name="HasMore">Whether there may be more.</param>
/// <param name="Held">How long the writer was held.</param>
internal sealed record RetentionSlice(int Deleted, long Position, bool HasMore, TimeSpan Held);
