using System.Collections.Concurrent;
using IntegrationHub.Host.Access;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class RecordingAuditTrail : IAuditTrail
{
    private readonly ConcurrentQueue<AuditEntry> entries = new();

    public IReadOnlyList<AuditEntry> Entries => [.. entries];

    /// <summary>When set, nothing can be recorded.</summary>
    public bool Broken { get; set; }

    public Task RecordAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        RecordSoon(entry);
        return Task.CompletedTask;
    }

    public void RecordSoon(AuditEntry entry)
    {
        if (Broken)
            throw new IOException("The audit cannot be written.");
        entries.Enqueue(entry);
    }
}
