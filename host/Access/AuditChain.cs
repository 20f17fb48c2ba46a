using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Access;

/// <summary>
/// Binds each audit entry to the one before it: HMAC-SHA256, under a key that the database does not hold in clear, over the sequence number, the previous hash and every field
/// with its length. Whoever can write to the storage alone can neither change, insert, remove nor reorder entries unseen. Thread-safe.
/// </summary>
internal sealed class AuditChain(KeyRing ring)
{
    private KnownDetails? last;

    /// <summary>Makes the link under the newest key.</summary>
    public byte[] Link(long sequence, ReadOnlySpan<byte> previousHash, AuditEntry entry) =>
        HMACSHA256.HashData(ring.Current(KeyRing.Audit).Key, Canonical(sequence, previousHash, entry));

    /// <summary>Whether an entry's hash was made by this hub from what the entry says now.</summary>
    public bool IsIntact(AuditRecord record)
    {
        var canonical = Canonical(record.Sequence, record.PreviousHash, record.Entry);
        foreach (var key in ring.All(KeyRing.Audit))
            if (CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key.Key, canonical), record.Hash))
                return true;

        return false;
    }

    private ReadOnlySpan<byte> Canonical(long sequence, ReadOnlySpan<byte> previousHash, AuditEntry entry)
    {
        var output = new ArrayBufferWriter<byte>(512);
        Write(output, "hub-audit-1");
        Write(output, sequence);
        Write(output, previousHash);

        // Stores keep milliseconds.
        Write(output, entry.Time.ToUnixTimeMilliseconds());
        Write(output, entry.Actor);
        Write(output, entry.Action);
        Write(output, entry.Target);
        Write(output, entry.Project);
        Write(output, entry.Address);
        Write(output, entry.CorrelationId);
        Write(output, Canonical(entry.Details));
        return output.WrittenSpan;
    }

    // A store may keep JSON in a form of its own (PostgreSQL's jsonb orders members), so what is hashed has an order of its own too.
    private ReadOnlySpan<byte> Canonical(JsonElement details)
    {
        if (details.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return [];

        // Thousands of entries in a row say the same of the same operation.
        var raw = JsonMarshal.GetRawUtf8Value(details);
        var known = last;
        if (known is null || !raw.SequenceEqual(known.Raw))
            last = known = new KnownDetails(raw.ToArray(), CanonicalJson.Of(details).ToArray());

        return known.Canonical;
    }

    private static void Write(ArrayBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }

    private static void Write(ArrayBufferWriter<byte> output, string? text)
    {
        if (text is null)
        {
            Write(output, -1);
        }
        else
        {
            var length = Encoding.UTF8.GetByteCount(text);
            Write(output, length);
            output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(length)));
        }
    }

    private static void Write(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        Write(output, bytes.Length);
        output.Write(bytes);
    }

    private sealed record KnownDetails(byte[] Raw, byte[] Canonical);
}
