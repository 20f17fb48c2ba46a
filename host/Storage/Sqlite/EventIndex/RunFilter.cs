using System.Runtime.InteropServices;

namespace IntegrationHub.Host.Storage.Sqlite.EventIndex;

/// <summary>
/// A Bloom filter: says of a key that a run does not have it, or that it may. One cache line a key (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom Filters"), 16 bits and
/// six probes: about 3 of 1,000 strangers may pass. Keys are hashes already, and their bits are used as they are. Immutable once it is full; then thread-safe.
/// </summary>
internal sealed class RunFilter
{
    private const int BitsPerKey = 16;
    private const int WordsPerBlock = 8;
    private const int BitsPerBlock = WordsPerBlock * 64;
    private const int Probes = 6;

    private readonly ulong[] words;

    public RunFilter(int keys) => words = new ulong[Math.Max(1, ((keys * BitsPerKey) + BitsPerBlock - 1) / BitsPerBlock) * WordsPerBlock];

    public RunFilter(ReadOnlySpan<byte> stored) => words = MemoryMarshal.Cast<byte, ulong>(stored).ToArray();

    public int Bytes => words.Length * sizeof(ulong);

    public byte[] ToStored() => MemoryMarshal.AsBytes(words.AsSpan()).ToArray();

    public void Add(UInt128 key)
    {
        var block = BlockOf(key);
        var bits = (ulong)(key >> 64);
        for (var i = 0; i < Probes; i++, bits >>= 9)
            words[block + (int)((bits & 511) >> 6)] |= 1UL << (int)(bits & 63);
    }

    public bool MayHave(UInt128 key)
    {
        var block = BlockOf(key);
        var bits = (ulong)(key >> 64);
        for (var i = 0; i < Probes; i++, bits >>= 9)
        {
            if ((words[block + (int)((bits & 511) >> 6)] & (1UL << (int)(bits & 63))) == 0)
                return false;
        }

        return true;
    }

    private int BlockOf(UInt128 key) => (int)(((ulong)(uint)((ulong)key >> 32) * (ulong)(words.Length / WordsPerBlock)) >> 32) * WordsPerBlock;
}
