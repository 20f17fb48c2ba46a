using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Access;

/// <summary>Makes the hash that binds an entry to the one before it. Pure and thread-safe.</summary>
internal delegate byte[] AuditLink(long sequence, ReadOnlySpan<byte> previousHash, AuditEntry entry);

/// <summary>Append-only. The store reads the last hash, calls the link, and writes, as one step that no other append interleaves.</summary>
internal interface IAuditStore
{
    /// <summary>Appends in order; all or none.</summary>
    Task AppendAsync(IReadOnlyList<AuditEntry> entries, AuditLink link, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<AuditRecord>> ListAsync(AuditQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>The whole chain in order, from a sequence number on, for verification.</summary>
    IAsyncEnumerable<AuditRecord> ReadAsync(long fromSequence, CancellationToken cancellationToken);
}

internal sealed record AuditQuery
{
    public string? Actor { get; init; }

    public string? Action { get; init; }

    public string? Target { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }
}
