using System.Runtime.CompilerServices;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemoryAuditStore : IAuditStore
{
    private readonly Lock gate = new();

    public List<AuditRecord> Records { get; } = [];

    /// <summary>How many of the next appends fail.</summary>
    public int Failures { get; set; }

    public int Appends { get; private set; }

    public Task AppendAsync(IReadOnlyList<AuditEntry> entries, AuditLink link, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Appends++;
            if (Failures > 0)
            {
                Failures--;
                throw new IOException("The storage is away.");
            }

            foreach (var entry in entries)
            {
                var previous = Records.Count == 0 ? new byte[32] : Records[^1].Hash;
                var sequence = Records.Count + 1;
                Records.Add(new AuditRecord(sequence, entry, previous, link(sequence, previous, entry)));
            }
        }

        return Task.CompletedTask;
    }

    public Task<Page<AuditRecord>> ListAsync(AuditQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var found = Records.AsEnumerable().Reverse().Where(record =>
                (query.Actor is null || record.Entry.Actor == query.Actor)
                && (query.Action is null || record.Entry.Action == query.Action)
                && (query.Target is null || record.Entry.Target == query.Target)
                && (query.From is null || record.Entry.Time >= query.From)
                && (query.To is null || record.Entry.Time < query.To));
            return Task.FromResult(Paged.Of([.. found], page));
        }
    }

    public async IAsyncEnumerable<AuditRecord> ReadAsync(long fromSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var record in Records.Where(record => record.Sequence >= fromSequence))
            yield return record;
    }
}
