using System.Text;
using IntegrationHub.Loading.Packaging;

namespace IntegrationHub.Host.Tests.Plugins.Install;

/// <summary>Archives made to harm or to confuse. Each is refused with a reason, and nothing appears beside the folder it was unpacked into.</summary>
public sealed class HostilePackageTests : IDisposable
{
    private static readonly byte[] Zeros = new byte[4 * 1024 * 1024];
    private readonly string root = Directory.CreateTempSubdirectory("hub-unpack-").FullName;

    /// <summary>A name, and the words that say what is wrong with it.</summary>
    public static TheoryData<string, string> BadNames => new()
    {
        { "../outside.txt", "leads out of" },
        { "bin/../../outside.txt", "leads out of" },
        { "bin/./x.dll", "leads out of" },
        { "/etc/passwd", "absolute path" },
        { "//server/share/x", "absolute path" },
        { "C:/Windows/x.dll", "drive letter" },
        { "c:x.dll", "drive letter" },
        { "..\\outside.txt", "backslash" },
        { "bin\\x.dll", "backslash" },
        { "bin//x.dll", "empty part" },
        { "manifest.json:stream", "contains :" },
        { "what?.txt", "contains ?" },
        { "bell\u0007.txt", "control character" },
        { "new\nline.txt", "control character" },
        { "gpj\u202Etxt.dll", "control character" },
        { "nul", "keeps for a device (NUL)" },
        { "bin/Con.dll", "keeps for a device (CON)" },
        { "COM1.tar.gz", "keeps for a device (COM1)" },
        { "lpt¹", "keeps for a device" },
        { "trailing.", "ends in a dot or a space" },
        { "folder /x", "ends in a dot or a space" },
        { string.Join('/', Enumerable.Repeat("d", 17)), "folders deep" },
        { new string('n', 201), "longer than 200" },
        { "", "is empty" },
    };

    /// <summary>Two names that are one, at least somewhere.</summary>
    public static TheoryData<string, string, string> Collisions => new()
    {
        { "bin/x.dll", "bin/x.dll", "is there twice" },
        { "manifest.json", "icon.svg", "is there twice" },
        { "bin/x.dll", "bin/X.DLL", "are one name" },
        { "Bin/x.dll", "bin/y.dll", "are one name" },
        { "caf\u00e9", "cafe\u0301", "are one name" },
        { "bin", "bin/x.dll", "is there twice" },
        { "bin/x.dll", "bin", "is there twice" },
    };

    public static TheoryData<string, string> Structures
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (name, says, _) in Cases())
                data.Add(name, says);

            return data;
        }
    }

    /// <summary>All of them, for whoever wants to see the whole way refused and not just the reader.</summary>
    internal static IEnumerable<(string Name, string Says, Func<MemoryStream> Build)> Everything =>
    [
        .. BadNames.Select((row, i) => ($"name {i}", (string)row[1], Plugin((string)row[0]))),
        .. Collisions.Select((row, i) => ($"collision {i}", (string)row[2], Plugin((string)row[0], (string)row[1]))),
        .. Cases(),
    ];

    [Theory]
    [MemberData(nameof(BadNames))]
    public async Task Unpack_BadName_IsRefused(string name, string says) =>
        await RefusedAsync(RawZip.Plugin("{}").Add(name, "x").Build(), says);

    [Theory]
    [MemberData(nameof(Collisions))]
    public async Task Unpack_NamesThatCollide_AreRefused(string first, string second, string says) =>
        await RefusedAsync(RawZip.Plugin("{}").Add(first, "1").Add(second, "2").Build(), says);

    [Theory]
    [MemberData(nameof(Structures))]
    public async Task Unpack_BadStructure_IsRefused(string name, string says)
    {
        var (_, _, build) = Cases().Single(one => one.Name == name);
        await RefusedAsync(build(), says);
    }

    [Fact]
    public async Task Unpack_SeveralBadNames_AllAreSaid()
    {
        var fault = await RefusedAsync(RawZip.Plugin("{}").Add("../a", "x").Add("nul", "x").Add("b\\c", "x").Build(), "'../a'");

        Assert.Equal(3, fault.Issues.Count);
    }

    [Fact]
    public async Task Unpack_ExpandsToMoreThanAllowed_StopsAtTheLimit()
    {
        var zip = RawZip.Plugin("{}");
        for (var i = 0; i < 20; i++)
            zip.Add(new RawEntry($"noise{i}") { Content = Noise(100_000, i) });

        await RefusedAsync(zip.Build(), "unpacks to more than 1000000 bytes", new PackageLimits { ExpandedBytes = 1_000_000 });

        Assert.InRange(Directory.GetFiles(Target).Sum(file => new FileInfo(file).Length), 1, 1_000_000);
    }

    [Fact]
    public async Task Unpack_CutOffAnywhere_IsRefused()
    {
        var whole = RawZip.Plugin("{}").Add(new RawEntry("bin/x.dll") { Content = Noise(300, 1), Deflate = true }).AddChecksums().Build().ToArray();
        for (var length = 0; length < whole.Length; length++)
            await Assert.ThrowsAsync<PackageException>(() => UnpackAsync(new MemoryStream(whole[..length]), new PackageLimits()));
    }

    [Fact]
    public async Task Unpack_AnyByteChanged_IsRefusedOrHarmless()
    {
        var content = Noise(300, 1);
        var whole = RawZip.Plugin("{}").Add(new RawEntry("bin/x.dll") { Content = content, Deflate = true }).AddChecksums().Build().ToArray();
        for (var at = 0; at < whole.Length; at++)
        {
            var changed = whole.ToArray();
            changed[at] ^= 0x41;
            try
            {
                // Times, versions and the like may change; what is unpacked may not.
                await UnpackAsync(new MemoryStream(changed), new PackageLimits());
                Assert.Equal(["bin/x.dll", "manifest.json"], Directory.GetFiles(Target, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Target, file)).Order());
                Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(Target, "bin", "x.dll")));
            }
            catch (PackageException fault)
            {
                Assert.NotEmpty(fault.Message);
            }
        }
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static IEnumerable<(string Name, string Says, Func<MemoryStream> Build)> Cases()
    {
        const uint SymbolicLink = 0xA1FFu << 16;
        const uint Fifo = 0x1000u << 16;
        const uint WindowsLink = 0x400;
        var plain = new RawEntry("bin/x.dll") { Content = Noise(100, 7) };

        yield return ("empty file", "no ZIP archive", () => new MemoryStream());
        yield return ("no archive", "no ZIP archive", () => new MemoryStream(Noise(500, 3)));
        yield return ("no entry", "has no manifest.json", () => new RawZip().Build());
        yield return ("no manifest", "has no manifest.json", () => new RawZip().Add("icon.svg", "<svg/>").Build());
        yield return ("folder packed", "there is 'my-plugin/manifest.json'", () => new RawZip().Add("my-plugin/manifest.json", "{}").Build());
        yield return ("capital manifest", "there is 'Manifest.JSON'", () => new RawZip().Add("Manifest.JSON", "{}").Build());
        yield return ("manifest is a folder", "has no manifest.json", () => new RawZip().Add(new RawEntry("manifest.json/")).Build());
        yield return ("symbolic link", "is a link", () => With(plain with { Content = "/etc/passwd"u8.ToArray(), Attributes = SymbolicLink }));
        yield return ("windows link", "is a link", () => With(plain with { Attributes = WindowsLink }));
        yield return ("named pipe", "neither a file nor a folder", () => With(plain with { Attributes = Fifo }));
        yield return ("folder that is a file", "neither a file nor a folder", () => With(plain with { Attributes = 0x4000u << 16 }));
        yield return ("folder with content", "yet has content", () => With(new RawEntry("bin/") { Content = Noise(10, 1) }));
        yield return ("encrypted", "is encrypted", () => With(plain with { ExtraFlags = 1 }));
        yield return ("strongly encrypted", "is encrypted", () => With(plain with { ExtraFlags = 1 << 6 }));
        yield return ("hidden headers", "is encrypted", () => With(plain with { ExtraFlags = 1 << 13 }));
        yield return ("AES", "is encrypted", () => With(plain with { ClaimedMethod = 99 }));
        yield return ("another method", "does not read (method 14", () => With(plain with { ClaimedMethod = 14 }));
        yield return ("patch data", "does not read", () => With(plain with { ExtraFlags = 1 << 5 }));
        yield return ("ratio bomb", "more than 200 times", () => With(new RawEntry("zeros") { Content = Zeros, Deflate = true }));
        yield return ("lies about its size", "larger than the archive says", () => With(new RawEntry("zeros") { Content = Zeros, Deflate = true, ClaimedSize = 10, LocalSize = 10 }));
        yield return ("smaller than it says", "size or checksum", () => With(new RawEntry("x") { Content = Noise(100, 1), Deflate = true, ClaimedSize = 200, LocalSize = 200 }));
        yield return ("two sizes, stored", "has two sizes", () => With(plain with { ClaimedSize = 99 }));
        yield return ("two sizes at two places", "described differently", () => With(plain with { Deflate = true, LocalSize = 7 }));
        yield return ("two names", "described differently", () => With(plain with { LocalName = "bin/y.dll"u8.ToArray() }));
        yield return ("two descriptors", "described differently behind", () => With(plain with { Descriptor = true, LocalSize = 7 }));
        yield return ("wrong CRC", "size or checksum", () => With(plain with { ClaimedCrc = 1 }));
        yield return ("no deflate stream", "cannot be decompressed", () => With(plain with { Deflate = true, RawData = Noise(80, 5) }));
        yield return ("overlapping entries", "overlaps another entry", () => RawZip.Plugin("{}").Add(plain).Add(plain with { Name = "bin/y.dll", Offset = 45 }).Build());
        yield return ("one place, two names", "overlaps another entry", () => RawZip.Plugin("{}").Add(plain with { Name = "x", Offset = 0 }).Build());
        yield return ("program before it", "no entry lies before", () => new RawZip { Before = "#!/bin/sh\n"u8.ToArray() }.Add("manifest.json", "{}").Build());
        yield return ("unlisted data", "no entry lies before", () => new RawZip { BeforeDirectory = Noise(50, 2) }.Add("manifest.json", "{}").Build());
        yield return ("data behind it", "other data at its end", () => new RawZip { After = "more"u8.ToArray() }.Add("manifest.json", "{}").Build());
        yield return ("claims more entries", "directory is damaged", () => new RawZip { Count = 9 }.Add("manifest.json", "{}").Build());
        yield return ("claims fewer entries", "longer than its entries", () => new RawZip { Count = 1 }.Add("manifest.json", "{}").Add("x", "x").Build());
        yield return ("ZIP64", "ZIP64", () => new RawZip { Count = ushort.MaxValue }.Add("manifest.json", "{}").Build());
        yield return ("several parts", "one part of several", () => new RawZip { Disk = 1 }.Add("manifest.json", "{}").Build());
        yield return ("name in no known letters", "not marked as UTF-8", () => With(plain with { RawName = [0x62, 0x81, 0x62], ExtraFlags = 0 }));
        yield return ("name that is no UTF-8", "not valid UTF-8", () => With(plain with { RawName = [0x62, 0xC0, 0xAE] }));
        yield return ("too many entries", "at most 5000", Many);
        yield return ("checksum differs", "is not the file that was packed", () => RawZip.Plugin("{}").AddChecksums(list => list.Replace(list[..4], "0000", StringComparison.Ordinal)).Build());
        yield return ("checksum missing", "and not in checksums.sha256", () => RawZip.Plugin("{}").AddChecksums().Add("added.dll", "x").Build());
        yield return ("checksum of nothing", "which is not in the package", () => RawZip.Plugin("{}").AddChecksums(list => list + new string('0', 64) + "  gone.dll\n").Build());
        yield return ("checksum twice", "twice", () => RawZip.Plugin("{}").AddChecksums(list => list + list).Build());
        yield return ("checksums unreadable", "Line 1 of", () => RawZip.Plugin("{}").AddChecksums(_ => "trust me").Build());
    }

    private static Func<MemoryStream> Plugin(params string[] names) => () => names.Aggregate(RawZip.Plugin("{}"), (zip, name) => zip.Add(name, name)).Build();

    private static MemoryStream With(RawEntry entry) => RawZip.Plugin("{}").Add(entry).Build();

    private static MemoryStream Many()
    {
        var zip = RawZip.Plugin("{}");
        for (var i = 0; i < 5_000; i++)
            zip.Add($"f{i}", "");

        return zip.Build();
    }

    // Fixed bytes that do not compress.
    private static byte[] Noise(int length, int seed)
    {
        var bytes = new byte[length];
        var state = (uint)seed + 1;
        for (var i = 0; i < length; i++)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            bytes[i] = (byte)(state >> 24);
        }

        return bytes;
    }

    private string Target => Path.Combine(root, "target");

    private async Task<PackageException> RefusedAsync(Stream archive, string says, PackageLimits? limits = null)
    {
        var fault = await Assert.ThrowsAsync<PackageException>(() => UnpackAsync(archive, limits ?? new PackageLimits()));

        Assert.Contains(fault.Issues, issue => issue.Message.Contains(says, StringComparison.Ordinal));
        Assert.DoesNotContain(fault.Issues, issue => issue.Message.Any(char.IsControl));
        Assert.Equal([Target], Directory.GetFileSystemEntries(root));
        return fault;
    }

    private async Task UnpackAsync(Stream archive, PackageLimits limits)
    {
        if (Directory.Exists(Target))
            Directory.Delete(Target, recursive: true);

        Directory.CreateDirectory(Target);
        await PackageReader.UnpackAsync(archive, Target, limits, CancellationToken.None);
    }
}
