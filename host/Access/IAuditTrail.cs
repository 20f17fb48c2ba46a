using System.Text.Json;

namespace IntegrationHub.Host.Access;

/// <summary>Where features record what was done. Thread-safe.</summary>
internal interface IAuditTrail
{
    /// <summary>Records and waits until it is durable. For every change.</summary>
    Task RecordAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Records soon, in a group, without waiting; drained at shutdown. For calls that change nothing of the hub, such as executed operations.</summary>
    void RecordSoon(AuditEntry entry);
}

internal static class AuditTrailExtensions
{
    /// <summary>Records a change made by a caller.</summary>
    public static Task RecordAsync(
        this IAuditTrail trail,
        TimeProvider time,
        Caller caller,
        string action,
        string? target,
        string? project,
        string? correlationId,
        object? details,
        CancellationToken cancellationToken) =>
        trail.RecordAsync(
            new AuditEntry
            {
                Time = time.GetUtcNow(),
                Actor = caller.KeyId,
                Action = action,
                Target = target,
                Project = project,
                Address = caller.Address,
                CorrelationId = correlationId,
                Details = details is null ? default : JsonSerializer.SerializeToElement(details, Http.HubJson.Options),
            },
            cancellationToken);
}
