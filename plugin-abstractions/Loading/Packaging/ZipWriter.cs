using System.Buffers.Binary;
using System.Text;

namespace IntegrationHub.Loading.Packaging;

/// <summary>
/// Writes a ZIP archive that depends on names and contents alone. The framework's own writes the operating system and its attributes into it, and compresses as the machine does.
/// </summary>
/// <remarks>PKWARE APPNOTE 6.3.10: local headers (4.3.7), central directory (4.3.12), end record (4.3.16); no extra fields, no data descriptors, no ZIP64.</remarks>
internal sealed class ZipWriter(Stream output)
{
    private const ushort VersionNeeded = 20;
    private const ushort MadeByUnix = (3 << 8) | VersionNeeded;
    private const ushort Utf8Names = 1 << 11;
    private const ushort FirstOfJanuary1980 = (1 << 5) | 1;
    private const uint RegularFile644 = 0x81A4u << 16;

    private readonly List<(byte[] Name, uint Crc, uint Size, uint Offset)> entries = [];
    private long position;

    public void Add(string name, ReadOnlySpan<byte> content)
    {
        var entry = (Name: Encoding.UTF8.GetBytes(name), Crc: Crc32.Of(content), Size: (uint)content.Length, Offset: Narrow(position));
        Span<byte> header = stackalloc byte[30];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, ZipFormat.LocalHeader);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], VersionNeeded);
        WriteCommon(header[6..], entry.Crc, entry.Size, entry.Name.Length);
        Write(header);
        Write(entry.Name);
        Write(content);
        entries.Add(entry);
    }

    public void Finish()
    {
        var start = Narrow(position);
        Span<byte> header = stackalloc byte[46];
        foreach (var entry in entries)
        {
            header.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(header, ZipFormat.CentralHeader);
            BinaryPrimitives.WriteUInt16LittleEndian(header[4..], MadeByUnix);
            BinaryPrimitives.WriteUInt16LittleEndian(header[6..], VersionNeeded);
            WriteCommon(header[8..], entry.Crc, entry.Size, entry.Name.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(header[38..], RegularFile644);
            BinaryPrimitives.WriteUInt32LittleEndian(header[42..], entry.Offset);
            Write(header);
            Write(entry.Name);
        }

        Span<byte> end = stackalloc byte[ZipFormat.EndLength];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, ZipFormat.EndRecord);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)entries.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)entries.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], Narrow(position) - start);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], start);
        Write(end);
    }

    /// <summary>The fields that both headers have, in the same order: flags, method (stored), time, date, CRC, sizes, length of the name.</summary>
    private static void WriteCommon(Span<byte> at, uint crc, uint size, int nameLength)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(at, Utf8Names);
        BinaryPrimitives.WriteUInt16LittleEndian(at[6..], FirstOfJanuary1980);
        BinaryPrimitives.WriteUInt32LittleEndian(at[8..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(at[12..], size);
        BinaryPrimitives.WriteUInt32LittleEndian(at[16..], size);
        BinaryPrimitives.WriteUInt16LittleEndian(at[20..], (ushort)nameLength);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        position += bytes.Length;
    }

    private static uint Narrow(long position) =>
        position < uint.MaxValue ? (uint)position : throw new PackageException("The plugin is larger than 4 GB.", "A package cannot hold that; keep data out of the plugin.");
}
