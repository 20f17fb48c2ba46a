using System.Text.Json;

namespace IntegrationHub.Host.Access;

/// <summary>Who did what to which thing, from where. Never holds a secret.</summary>
internal sealed record AuditEntry
{
    public required DateTimeOffset Time { get; init; }

    /// <summary>The key's id, or <c>system</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>In the past, dotted: <c>connection.created</c>, <c>event.raw_read</c>, <c>operation.executed</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The id of what it was done to.</summary>
    public string? Target { get; init; }

    public string? Project { get; init; }

    public string? Address { get; init; }

    public string? CorrelationId { get; init; }

    /// <summary>What else matters: an object, or undefined.</summary>
    public JsonElement Details { get; init; }
}

/// <summary>An entry in the chain. <see cref="Hash"/> covers the previous hash and every field, so that nothing can be changed, removed or reordered unseen.</summary>
internal sealed record AuditRecord(long Sequence, AuditEntry Entry, byte[] PreviousHash, byte[] Hash);
