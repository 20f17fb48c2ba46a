using System.IO.Compression;
using System.Security.Cryptography;
using IntegrationHub.Loading;
using IntegrationHub.Loading.Packaging;

namespace IntegrationHub.Host.Tests.Plugins.Install;

public sealed class PluginPackageTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hub-pack-").FullName;

    [Fact]
    public void Write_TwiceWithOtherTimesAndOrder_IsTheSameToTheByte()
    {
        string[] files = ["manifest.json", "bin/a.dll", "bin/Z.dll", "bin/runtimes/linux-x64/native/lib.so", "icon.svg", "نص.txt"];
        var first = Folder("first", files, TimeSpan.Zero);
        var second = Folder("second", files.Reverse(), TimeSpan.FromDays(900));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(second, "icon.svg"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Equal(Pack(first), Pack(second));
    }

    [Fact]
    public void Write_KnownContent_IsTheSameOnEveryMachine()
    {
        var folder = Folder("known", ["manifest.json", "bin/a.dll"], TimeSpan.Zero);

        // Made once by another program from the format's description.
        Assert.Equal("cdc6801871e03fe787456e50393a1977211287ae081b513336724569437808dd", Convert.ToHexStringLower(SHA256.HashData(Pack(folder))));
    }

    [Fact]
    public void Write_ReadByTheFramework_HasTheFilesInOrderAndNothingElse()
    {
        var folder = Folder("plain", ["icon.svg", "manifest.json", "bin/a.dll", "obj/x.json", "tests/t.json", "Code.cs", ".hidden", "bin/a.pdb", "old.zip", "checksums.sha256"], TimeSpan.Zero);

        using var archive = new ZipArchive(new MemoryStream(Pack(folder)));

        Assert.Equal(["bin/a.dll", "icon.svg", "manifest.json", "checksums.sha256"], archive.Entries.Select(entry => entry.FullName));
        using var text = new StreamReader(archive.GetEntry("bin/a.dll")!.Open());
        Assert.Equal("content of bin/a.dll", text.ReadToEnd());
        Assert.All(archive.Entries, entry => Assert.Equal(0x81A4 << 16, entry.ExternalAttributes));
    }

    [Fact]
    public async Task Unpack_WhatWasPacked_GivesTheSamePlugin()
    {
        var folder = Folder("round", ["manifest.json", "bin/a.dll", "bin/deep/b.dll"], TimeSpan.Zero);
        using var package = new MemoryStream();
        var packed = PluginPackage.Write(folder, package);
        var target = Directory.CreateDirectory(Path.Combine(root, "target")).FullName;

        var unpacked = await PackageReader.UnpackAsync(package, target, new PackageLimits(), CancellationToken.None);

        Assert.True(unpacked.HasChecksums);
        Assert.Equal(packed.Files, unpacked.Files);
        Assert.Equal(PluginDigest.Compute(folder), packed.Digest);
        Assert.Equal(packed.Digest, PluginDigest.Compute(target));
    }

    [Theory]
    [InlineData(CompressionLevel.SmallestSize)]
    [InlineData(CompressionLevel.NoCompression)]
    public async Task Unpack_MadeByTheFramework_IsTaken(CompressionLevel level)
    {
        using var package = new MemoryStream();
        using (var archive = new ZipArchive(package, ZipArchiveMode.Create, leaveOpen: true))
        {
            archive.CreateEntry("bin/");
            using (var manifest = new StreamWriter(archive.CreateEntry("manifest.json", level).Open()))
                manifest.Write("{}");

            using var assembly = archive.CreateEntry("bin/é.dll", level).Open();
            assembly.Write(new byte[2000]);
        }

        var unpacked = await PackageReader.UnpackAsync(package, Directory.CreateDirectory(Path.Combine(root, "target")).FullName, new PackageLimits(), CancellationToken.None);

        Assert.Equal(["manifest.json", "bin/é.dll"], unpacked.Files);
        Assert.False(unpacked.HasChecksums);
        Assert.Equal(2000, new FileInfo(Path.Combine(root, "target", "bin", "é.dll")).Length);
    }

    [Fact]
    public async Task Unpack_WrittenToAPipe_IsTaken()
    {
        using var package = RawZip.Plugin("{}").Add(new RawEntry("bin/x.dll") { Content = new byte[500], Deflate = true, Descriptor = true }).Build();

        var unpacked = await PackageReader.UnpackAsync(package, Directory.CreateDirectory(Path.Combine(root, "target")).FullName, new PackageLimits(), CancellationToken.None);

        Assert.Equal(["manifest.json", "bin/x.dll"], unpacked.Files);
    }

    [SkippableFact]
    public void Write_NamesThatOtherSystemsCannotHold_AreAllNamed()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows cannot have these files.");
        var folder = Folder("names", ["manifest.json", "a\\b", "nul.txt", "x.dll", "X.dll"], TimeSpan.Zero);

        var fault = Assert.Throws<PackageException>(() => PluginPackage.Write(folder, new MemoryStream()));

        Assert.Equal(3, fault.Issues.Count);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static byte[] Pack(string folder)
    {
        using var package = new MemoryStream();
        PluginPackage.Write(folder, package);
        return package.ToArray();
    }

    private string Folder(string name, IEnumerable<string> files, TimeSpan age)
    {
        var folder = Path.Combine(root, name);
        foreach (var file in files)
        {
            var path = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "content of " + file);
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(50) - age);
        }

        return folder;
    }
}
