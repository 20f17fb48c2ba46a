namespace IntegrationHub.Loading.Packaging;

/// <summary>The CRC-32 of ZIP (APPNOTE 4.4.7): the framework has it only inside its own ZIP classes.</summary>
internal struct Crc32
{
    private static readonly uint[] Table = MakeTable();
    private uint state;

    /// <summary>The checksum of what was appended.</summary>
    public readonly uint Value => state;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = default(Crc32);
        crc.Append(bytes);
        return crc.Value;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var crc = ~state;
        foreach (var b in bytes)
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);

        state = ~crc;
    }

    private static uint[] MakeTable()
    {
        const uint Polynomial = 0xEDB88320;
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;

            table[i] = value;
        }

        return table;
    }
}
