using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace IntegrationHub.Loading.Packaging;

/// <summary>A file or folder in an archive.</summary>
/// <param name="Name">Without the <c>/</c> at the end of a folder's name.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
/// <param name="IsCompressed">Whether its bytes are deflated.</param>
/// <param name="Crc">What the archive says its CRC-32 is, unpacked.</param>
/// <param name="DataOffset">Where its bytes begin in the archive.</param>
/// <param name="CompressedSize">How many they are.</param>
/// <param name="Size">What the archive says its size is, unpacked.</param>
internal sealed record ZipEntry(string Name, bool IsFolder, bool IsCompressed, uint Crc, long DataOffset, long CompressedSize, long Size);

/// <summary>
/// Reads the directory of an archive, strictly: whatever two ZIP programs could understand differently is refused, so that what was checked is what is unpacked.
/// There is nothing before, between or behind the entries, no two overlap, and each says the same at both places where it is described.
/// </summary>
internal sealed class ZipDirectory
{
    private const int MostDirectoryBytes = 16 * 1024 * 1024;
    private const ushort Stored = 0;
    private const ushort Deflated = 8;
    private const ushort AesEncrypted = 99;
    private const ushort EncryptionFlags = (1 << 0) | (1 << 6) | (1 << 13);
    private const ushort DescriptorFlag = 1 << 3;
    private const ushort Utf8Flag = 1 << 11;
    private const ushort HarmlessFlags = (1 << 1) | (1 << 2) | DescriptorFlag | Utf8Flag;
    private const string PackAgain = "Pack the plugin with 'hub plugin pack', or with a common ZIP program and its default settings.";
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly Stream archive;

    private ZipDirectory(Stream archive) => this.archive = archive;

    /// <exception cref="PackageException">It is no archive, or not one that can be trusted to mean one thing.</exception>
    public static IReadOnlyList<ZipEntry> Read(Stream archive, PackageLimits limits)
    {
        try
        {
            return new ZipDirectory(archive).Read(limits);
        }
        catch (EndOfStreamException)
        {
            throw new PackageException("The archive is cut off.", "Send it again, whole.");
        }
    }

    private List<ZipEntry> Read(PackageLimits limits)
    {
        var (count, start, length) = ReadEnd();
        if (count > limits.Entries)
            throw new PackageException(string.Create(CultureInfo.InvariantCulture, $"The archive has {count} entries; at most {limits.Entries} are taken."), "A plugin is a manifest and a few assemblies. Keep sources, tests and packages out of it.");

        if (length > MostDirectoryBytes)
            throw new PackageException("The archive's directory is larger than 16 MB.", PackAgain);

        var bytes = ReadAt(start, (int)length);
        List<Header> headers = [];
        var at = 0;
        for (var i = 0; i < count; i++)
            headers.Add(ReadCentral(bytes, ref at));

        if (at != bytes.Length)
            throw new PackageException("The archive's directory is longer than its entries.", PackAgain);

        return Locate(headers, start);
    }

    private (int Count, uint Start, uint Length) ReadEnd()
    {
        if (archive.Length < ZipFormat.EndLength)
            throw new PackageException("This is no ZIP archive: it is too short.", PackAgain);

        var end = ReadAt(archive.Length - ZipFormat.EndLength, ZipFormat.EndLength);
        if (U32(end, 0) != ZipFormat.EndRecord)
            throw new PackageException("This is no ZIP archive, it is cut off, or it has a comment or other data at its end.", PackAgain);

        var (onDisk, count, length, start) = (U16(end, 8), U16(end, 10), U32(end, 12), U32(end, 16));
        if (count == ushort.MaxValue || start == uint.MaxValue || length == uint.MaxValue)
            throw new PackageException("The archive is in the ZIP64 format, which plugins are too small to need.", PackAgain);

        if (U16(end, 4) != 0 || U16(end, 6) != 0 || onDisk != count)
            throw new PackageException("The archive is one part of several.", "Send it as one file.");

        if (U16(end, 20) != 0 || start + (long)length != archive.Length - ZipFormat.EndLength)
            throw new PackageException("The archive's directory is not where the archive says: something was put before, into or behind it.", PackAgain);

        return (count, start, length);
    }

    private static Header ReadCentral(byte[] bytes, ref int at)
    {
        if (bytes.Length - at < ZipFormat.CentralLength || U32(bytes, at) != ZipFormat.CentralHeader)
            throw new PackageException("The archive's directory is damaged.", "Send it again, or pack it again.");

        var (nameLength, extraLength, commentLength) = (U16(bytes, at + 28), U16(bytes, at + 30), U16(bytes, at + 32));
        var next = at + ZipFormat.CentralLength + nameLength + extraLength + commentLength;
        if (next > bytes.Length)
            throw new PackageException("The archive's directory is damaged.", "Send it again, or pack it again.");

        var header = new Header
        {
            RawName = bytes[(at + ZipFormat.CentralLength)..(at + ZipFormat.CentralLength + nameLength)],
            Flags = U16(bytes, at + 8),
            Method = U16(bytes, at + 10),
            Crc = U32(bytes, at + 16),
            CompressedSize = U32(bytes, at + 20),
            Size = U32(bytes, at + 24),
            Attributes = U32(bytes, at + 38),
            Offset = U32(bytes, at + 42),
        };
        at = next;
        header.Name = NameOf(header);
        Check(header);
        return header;
    }

    private static string NameOf(Header header)
    {
        try
        {
            // Without the flag a name is in "code page 437", which every program reads as it likes.
            if ((header.Flags & Utf8Flag) == 0 && header.RawName.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)0x7F))
                throw new PackageException("A name in the archive is not plain ASCII, and not marked as UTF-8.", PackAgain);

            return StrictUtf8.GetString(header.RawName);
        }
        catch (DecoderFallbackException)
        {
            throw new PackageException("A name in the archive is not valid UTF-8.", PackAgain);
        }
    }

    private static void Check(Header header)
    {
        var name = PackageNames.Show(header.Name);
        if ((header.Flags & EncryptionFlags) != 0 || header.Method == AesEncrypted)
            throw new PackageException($"{name} is encrypted.", "The hub has no password for it. Pack the plugin without one.");

        if ((header.Flags & ~HarmlessFlags) != 0 || header.Method is not (Stored or Deflated))
            throw new PackageException(string.Create(CultureInfo.InvariantCulture, $"{name} is packed in a way that the hub does not read (method {header.Method}, flags {header.Flags:x4})."), PackAgain);

        if (header.CompressedSize == uint.MaxValue || header.Size == uint.MaxValue || header.Offset == uint.MaxValue)
            throw new PackageException($"{name} is in the ZIP64 format, which plugins are too small to need.", PackAgain);

        // The upper half holds the mode of Unix: its type must be a file's or a folder's, or not be said at all. In the lower half 0x400 is a link of Windows.
        var type = (header.Attributes >> 16) & 0xF000;
        if (type == 0xA000 || (header.Attributes & 0x400) != 0)
            throw new PackageException($"{name} is a link.", "A link could lead anywhere. Pack the file itself.");

        if (type is not (0 or 0x8000 or 0x4000) || (type == 0x4000) != header.IsFolder && type != 0)
            throw new PackageException($"{name} is neither a file nor a folder.", "Take it out of the package.");

        if (header.IsFolder && (header.Size != 0 || header.CompressedSize > 2))
            throw new PackageException($"{name} is a folder, and yet has content.", PackAgain);

        if (header.Method == Stored && header.Size != header.CompressedSize)
            throw new PackageException($"{name} has two sizes.", PackAgain);
    }

    /// <summary>Finds each entry's bytes. They follow each other from the first byte of the archive to its directory: what overlaps would be a bomb, what lies between would be unseen.</summary>
    private List<ZipEntry> Locate(List<Header> headers, long end)
    {
        List<ZipEntry> entries = [];
        long expected = 0;
        foreach (var header in headers.OrderBy(header => header.Offset))
        {
            var name = PackageNames.Show(header.Name);
            if (header.Offset != expected)
                throw new PackageException(header.Offset < expected ? $"{name} overlaps another entry." : $"Something that is no entry lies before {name}.", PackAgain);

            var local = ReadAt(header.Offset, ZipFormat.LocalLength);
            var (nameLength, extraLength) = (U16(local, 26), U16(local, 28));
            var data = header.Offset + (long)ZipFormat.LocalLength + nameLength + extraLength;
            if (U32(local, 0) != ZipFormat.LocalHeader || data + header.CompressedSize > end || !AgreesWith(header, local) || !ReadAt(header.Offset + ZipFormat.LocalLength, nameLength).AsSpan().SequenceEqual(header.RawName))
                throw new PackageException($"{name} is described differently at its place and in the directory.", PackAgain);

            entries.Add(new ZipEntry(header.Name.TrimEnd('/'), header.IsFolder, header.Method == Deflated, header.Crc, data, header.CompressedSize, header.Size));
            expected = data + header.CompressedSize;
            expected += DescriptorLength(header, expected, end);
        }

        if (expected != end)
            throw new PackageException("Something that is no entry lies before the archive's directory.", PackAgain);

        return entries;
    }

    private static bool AgreesWith(Header header, byte[] local)
    {
        // With a descriptor the sizes follow the data, and stand here as zero or already right.
        var later = (header.Flags & DescriptorFlag) != 0;
        return U16(local, 6) == header.Flags && U16(local, 8) == header.Method
            && Same(U32(local, 14), header.Crc) && Same(U32(local, 18), header.CompressedSize) && Same(U32(local, 22), header.Size);
        bool Same(uint here, uint there) => here == there || (later && here == 0);
    }

    /// <summary>The length of what follows an entry's data when its sizes were not known before (4.3.9): three numbers, with a signature that most programs write and the format leaves open.</summary>
    private int DescriptorLength(Header header, long at, long end)
    {
        if ((header.Flags & DescriptorFlag) == 0)
            return 0;

        foreach (var (signed, length) in ((bool, int)[])[(true, 16), (false, 12)])
        {
            if (at + length > end)
                continue;

            var bytes = ReadAt(at, length);
            var from = signed ? 4 : 0;
            if ((!signed || U32(bytes, 0) == 0x08074B50) && U32(bytes, from) == header.Crc && U32(bytes, from + 4) == header.CompressedSize && U32(bytes, from + 8) == header.Size)
                return length;
        }

        throw new PackageException($"{PackageNames.Show(header.Name)} is described differently behind its data and in the directory.", PackAgain);
    }

    private byte[] ReadAt(long offset, int length)
    {
        var bytes = new byte[length];
        archive.Position = offset;
        archive.ReadExactly(bytes);
        return bytes;
    }

    private static ushort U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private sealed class Header
    {
        public required byte[] RawName { get; init; }

        public string Name { get; set; } = "";

        public required ushort Flags { get; init; }

        public required ushort Method { get; init; }

        public required uint Crc { get; init; }

        public required uint CompressedSize { get; init; }

        public required uint Size { get; init; }

        public required uint Attributes { get; init; }

        public required uint Offset { get; init; }

        public bool IsFolder => Name.EndsWith('/');
    }
}
