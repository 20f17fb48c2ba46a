using System.Buffers.Binary;

namespace IntegrationHub.Host.Storage.Sqlite.EventIndex;

/// <summary>
/// What some ten thousand consecutive events are found by, written once: their entries in chunks of a few kilobytes, each chunk chosen by the leading bits of the hash. Immutable.
/// </summary>
internal sealed record EventRun
{
    public required long Id { get; init; }

    /// <summary>The number of the last event it covers; it begins after the last one of the run before.</summary>
    public required long Last { get; init; }

    /// <summary>Into how many chunks its repetitions are divided; 0 when it has none, or none any more.</summary>
    public required int RepetitionChunks { get; init; }

    public required int SubjectChunks { get; init; }

    public required long NewestStoredAt { get; init; }

    /// <summary>When none of its repetitions need be recognised any more.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary><see langword="null"/> when there is no memory for it: then the disk is asked each time.</summary>
    public required RunFilter? Filter { get; init; }
}

/// <summary>A run's chunks as they are stored. Little-endian: a key (16 bytes), a number and a time (8 each); a subject's hash and a number (8 each).</summary>
internal static class RunChunks
{
    public const int RepetitionSize = 32;
    public const int SubjectSize = 16;

    // Two chunks a page (4 KB), nearly always.
    private const int RepetitionsEach = 54;
    private const int SubjectsEach = 108;

    public static int OfRepetition(UInt128 key, int chunks) => (int)(((ulong)(uint)(key >> 96) * (ulong)chunks) >> 32);

    public static int OfSubject(ulong subject, int chunks) => (int)(((subject >> 32) * (ulong)chunks) >> 32);

    /// <returns>The chunks; an empty one where none of the entries falls.</returns>
    public static byte[][] Write(IReadOnlyDictionary<UInt128, Repetition> repetitions)
    {
        var chunks = new byte[(repetitions.Count + RepetitionsEach - 1) / RepetitionsEach][];
        var sizes = new int[chunks.Length];
        foreach (var key in repetitions.Keys)
            sizes[OfRepetition(key, chunks.Length)] += RepetitionSize;

        Allocate(chunks, sizes);
        foreach (var (key, one) in repetitions)
        {
            var at = OfRepetition(key, chunks.Length);
            var entry = chunks[at].AsSpan(sizes[at]);
            BinaryPrimitives.WriteUInt128LittleEndian(entry, key);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], one.Number);
            BinaryPrimitives.WriteInt64LittleEndian(entry[24..], one.StoredAt);
            sizes[at] += RepetitionSize;
        }

        return chunks;
    }

    /// <returns>The chunks; an empty one where none of the entries falls.</returns>
    public static byte[][] Write(ReadOnlySpan<SubjectEntry> subjects)
    {
        var chunks = new byte[(subjects.Length + SubjectsEach - 1) / SubjectsEach][];
        var sizes = new int[chunks.Length];
        foreach (var one in subjects)
            sizes[OfSubject(one.Subject, chunks.Length)] += SubjectSize;

        Allocate(chunks, sizes);
        foreach (var one in subjects)
        {
            var at = OfSubject(one.Subject, chunks.Length);
            var entry = chunks[at].AsSpan(sizes[at]);
            BinaryPrimitives.WriteUInt64LittleEndian(entry, one.Subject);
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], one.Number);
            sizes[at] += SubjectSize;
        }

        return chunks;
    }

    public static bool TryFind(ReadOnlySpan<byte> chunk, UInt128 key, out Repetition found)
    {
        for (; chunk.Length >= RepetitionSize; chunk = chunk[RepetitionSize..])
        {
            if (BinaryPrimitives.ReadUInt128LittleEndian(chunk) != key)
                continue;

            found = new Repetition(BinaryPrimitives.ReadInt64LittleEndian(chunk[16..]), BinaryPrimitives.ReadInt64LittleEndian(chunk[24..]));
            return true;
        }

        found = default;
        return false;
    }

    public static void CollectNumbers(ReadOnlySpan<byte> chunk, ulong subject, List<long> numbers)
    {
        for (; chunk.Length >= SubjectSize; chunk = chunk[SubjectSize..])
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(chunk) == subject)
                numbers.Add(BinaryPrimitives.ReadInt64LittleEndian(chunk[8..]));
        }
    }

    /// <returns>The chunk without the key's entry; <see langword="null"/> when it has none.</returns>
    public static byte[]? Without(byte[] chunk, UInt128 key)
    {
        for (var at = 0; at + RepetitionSize <= chunk.Length; at += RepetitionSize)
        {
            if (BinaryPrimitives.ReadUInt128LittleEndian(chunk.AsSpan(at)) == key)
                return Cut(chunk, at, RepetitionSize);
        }

        return null;
    }

    /// <returns>The chunk without the entry; <see langword="null"/> when it is not in it.</returns>
    public static byte[]? Without(byte[] chunk, SubjectEntry entry)
    {
        for (var at = 0; at + SubjectSize <= chunk.Length; at += SubjectSize)
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(chunk.AsSpan(at)) == entry.Subject && BinaryPrimitives.ReadInt64LittleEndian(chunk.AsSpan(at + 8)) == entry.Number)
                return Cut(chunk, at, SubjectSize);
        }

        return null;
    }

    private static byte[] Cut(byte[] chunk, int at, int size) => [.. chunk.AsSpan(0, at), .. chunk.AsSpan(at + size)];

    private static void Allocate(byte[][] chunks, int[] sizes)
    {
        for (var i = 0; i < chunks.Length; i++)
        {
            chunks[i] = sizes[i] == 0 ? [] : new byte[sizes[i]];
            sizes[i] = 0;
        }
    }
}
