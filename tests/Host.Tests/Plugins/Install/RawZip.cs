using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Loading.Packaging;

namespace IntegrationHub.Host.Tests.Plugins.Install;

/// <summary>Builds archives byte by byte, also such as no ZIP program would write.</summary>
internal sealed class RawZip
{
    private readonly List<RawEntry> entries = [];

    /// <summary>What stands before the first entry.</summary>
    public byte[] Before { get; init; } = [];

    /// <summary>What stands between the last entry and the directory.</summary>
    public byte[] BeforeDirectory { get; init; } = [];

    public byte[] After { get; init; } = [];

    /// <summary>The number of entries that the end record claims.</summary>
    public ushort? Count { get; init; }

    public ushort Disk { get; init; }

    /// <summary>A package that is as it should be: the manifest and what is given.</summary>
    public static RawZip Plugin(string manifest) => new RawZip().Add("manifest.json", manifest);

    public RawZip Add(string name, string content) => Add(new RawEntry(name) { Content = Encoding.UTF8.GetBytes(content) });

    public RawZip Add(RawEntry entry)
    {
        entries.Add(entry);
        return this;
    }

    /// <summary>Adds the list of checksums of what is there so far.</summary>
    public RawZip AddChecksums(Func<string, string>? change = null)
    {
        var list = string.Concat(entries.Select(entry => $"{Convert.ToHexStringLower(SHA256.HashData(entry.Content))}  {entry.Name}\n"));
        return Add(PluginPackage.ChecksumsName, change?.Invoke(list) ?? list);
    }

    public MemoryStream Build()
    {
        var zip = new MemoryStream();
        zip.Write(Before);
        List<long> offsets = [];
        foreach (var entry in entries)
        {
            offsets.Add(entry.Offset ?? zip.Position);
            if (entry.Offset is null)
                WriteLocal(zip, entry);
        }

        zip.Write(BeforeDirectory);
        var start = zip.Position;
        for (var i = 0; i < entries.Count; i++)
            WriteCentral(zip, entries[i], (uint)offsets[i]);

        var length = zip.Position - start;
        var end = new byte[22];
        U32(end, 0, 0x06054B50);
        U16(end, 4, Disk);
        U16(end, 8, Count ?? (ushort)entries.Count);
        U16(end, 10, Count ?? (ushort)entries.Count);
        U32(end, 12, (uint)length);
        U32(end, 16, (uint)start);
        zip.Write(end);
        zip.Write(After);
        zip.Position = 0;
        return zip;
    }

    private static void WriteLocal(MemoryStream zip, RawEntry entry)
    {
        var name = entry.LocalName ?? entry.NameBytes;
        var data = entry.Data;
        var header = new byte[30];
        U32(header, 0, 0x04034B50);
        U16(header, 4, 20);
        U16(header, 6, entry.Flags);
        U16(header, 8, entry.Method);
        if (!entry.Descriptor)
        {
            U32(header, 14, entry.Crc);
            U32(header, 18, (uint)data.Length);
            U32(header, 22, entry.LocalSize ?? entry.Size);
        }

        U16(header, 26, (ushort)name.Length);
        zip.Write(header);
        zip.Write(name);
        zip.Write(data);
        if (entry.Descriptor)
        {
            var descriptor = new byte[16];
            U32(descriptor, 0, 0x08074B50);
            U32(descriptor, 4, entry.Crc);
            U32(descriptor, 8, (uint)data.Length);
            U32(descriptor, 12, entry.LocalSize ?? entry.Size);
            zip.Write(descriptor);
        }
    }

    private static void WriteCentral(MemoryStream zip, RawEntry entry, uint offset)
    {
        var header = new byte[46];
        U32(header, 0, 0x02014B50);
        U16(header, 4, (3 << 8) | 20);
        U16(header, 6, 20);
        U16(header, 8, entry.Flags);
        U16(header, 10, entry.Method);
        U32(header, 16, entry.Crc);
        U32(header, 20, (uint)entry.Data.Length);
        U32(header, 24, entry.Size);
        U16(header, 28, (ushort)entry.NameBytes.Length);
        U32(header, 38, entry.Attributes);
        U32(header, 42, offset);
        zip.Write(header);
        zip.Write(entry.NameBytes);
    }

    private static void U16(byte[] bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), value);

    private static void U32(byte[] bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
}

/// <summary>One entry, with whatever it claims to be.</summary>
internal sealed record RawEntry(string Name)
{
    private byte[]? data;

    public byte[] Content { get; init; } = [];

    public bool Deflate { get; init; }

    /// <summary>Sizes and checksum behind the data.</summary>
    public bool Descriptor { get; init; }

    public ushort ExtraFlags { get; init; } = 1 << 11;

    public ushort? ClaimedMethod { get; init; }

    public uint Attributes { get; init; }

    public uint? ClaimedCrc { get; init; }

    public uint? ClaimedSize { get; init; }

    public uint? LocalSize { get; init; }

    public byte[]? LocalName { get; init; }

    public byte[]? RawName { get; init; }

    /// <summary>Points at another entry's place and has none of its own.</summary>
    public long? Offset { get; init; }

    /// <summary>The bytes in the archive, when they are not what <see cref="Content"/> comes to.</summary>
    public byte[]? RawData { get; init; }

    public byte[] NameBytes => RawName ?? Encoding.UTF8.GetBytes(Name);

    public ushort Flags => (ushort)(ExtraFlags | (Descriptor ? 1 << 3 : 0));

    public ushort Method => ClaimedMethod ?? (ushort)(Deflate ? 8 : 0);

    public uint Crc => ClaimedCrc ?? Crc32.Of(Content);

    public uint Size => ClaimedSize ?? (uint)Content.Length;

    public byte[] Data => data ??= RawData ?? (Deflate ? Compress(Content) : Content);

    private static byte[] Compress(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize))
            deflate.Write(content);

        return packed.ToArray();
    }
}
