using System.Security.Cryptography;

namespace IntegrationHub.Host.Access;

/// <summary>What a walk over the audit chain found.</summary>
/// <param name="Ok">Whether every entry is what was written, where it was written.</param>
/// <param name="Checked">How many entries were read.</param>
/// <param name="LastSequence">The last entry's number. The chain cannot show that entries after it were cut off: keep number and hash elsewhere, and compare.</param>
/// <param name="LastHash">The last entry's hash, in hex.</param>
/// <param name="BrokenAt">The first number at which the chain does not hold.</param>
/// <param name="Reason">What does not hold there.</param>
internal sealed record AuditVerification(bool Ok, long Checked, long? LastSequence, string? LastHash, long? BrokenAt, string? Reason);

internal sealed class AuditVerifier(IAuditStore store, AuditChain chain)
{
    private const long First = 1;

    public async Task<AuditVerification> VerifyAsync(CancellationToken cancellationToken)
    {
        AuditRecord? last = null;
        var read = 0L;
        await foreach (var record in store.ReadAsync(First, cancellationToken))
        {
            read++;
            if (Fault(record, last) is { } reason)
                return new(false, read, last?.Sequence, HashOf(last), record.Sequence, reason);

            last = record;
        }

        return new(true, read, last?.Sequence, HashOf(last), null, null);
    }

    private static string? HashOf(AuditRecord? record) => record is null ? null : Convert.ToHexStringLower(record.Hash);

    private string? Fault(AuditRecord record, AuditRecord? last)
    {
        var expected = last is null ? First : last.Sequence + 1;
        if (record.Sequence != expected)
            return record.Sequence > expected
                ? $"Entries {expected} to {record.Sequence - 1} are missing."
                : $"Entry {record.Sequence} stands where {expected} should.";

        // Before the first entry there is no hash: none, or zeros.
        if (last is null ? record.PreviousHash.AsSpan().ContainsAnyExcept((byte)0) : !CryptographicOperations.FixedTimeEquals(record.PreviousHash, last.Hash))
            return "The entry does not follow the one before it.";

        return chain.IsIntact(record) ? null : "The entry was changed after it was written, or was not written by this hub.";
    }
}
