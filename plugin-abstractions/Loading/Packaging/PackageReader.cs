using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using IntegrationHub.Schemas;

namespace IntegrationHub.Loading.Packaging;

/// <summary>What came out of a package.</summary>
/// <param name="Files">The files' names, in the order of the archive, without the list of checksums.</param>
/// <param name="HasChecksums">Whether the package had a list of checksums, which then fitted.</param>
internal sealed record UnpackedPlugin(IReadOnlyList<string> Files, bool HasChecksums);

/// <summary>Unpacks packages that anybody may have made, into an empty folder. Nothing is written outside of it, and no more than the limits allow.</summary>
internal static class PackageReader
{
    private const int BufferBytes = 81_920;
    private const int RatioFrom = 1024 * 1024;
    private const int MostChecksumBytes = 4 * 1024 * 1024;
    private const int MostIssues = 50;
    private const string ManifestName = "manifest.json";

    /// <exception cref="PackageException">The package must not be unpacked. The folder may then hold a part of it, and is to be deleted.</exception>
    public static async Task<UnpackedPlugin> UnpackAsync(Stream archive, string folder, PackageLimits limits, CancellationToken cancellationToken)
    {
        var entries = ZipDirectory.Read(archive, limits);
        if (CheckNames(entries) is { Count: > 0 } issues)
            throw new PackageException([.. issues.Take(MostIssues)]);

        Dictionary<string, string> checksums = new(StringComparer.Ordinal);
        byte[]? list = null;
        var budget = new Budget(limits);
        foreach (var entry in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entry.IsFolder)
                continue;

            if (entry.Name == PluginPackage.ChecksumsName)
                list = await ReadListAsync(archive, entry, budget, cancellationToken);
            else
                checksums[entry.Name] = await ExpandFileAsync(archive, entry, folder, budget, cancellationToken);
        }

        if (list is not null && PackageChecksums.Compare(list, checksums).Take(MostIssues).ToList() is { Count: > 0 } differences)
            throw new PackageException(differences);

        return new UnpackedPlugin([.. checksums.Keys], list is not null);
    }

    private static List<ValidationIssue> CheckNames(IReadOnlyList<ZipEntry> entries)
    {
        List<ValidationIssue> issues = [];
        Dictionary<string, (string Name, bool IsFolder)> seen = new(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (PackageNames.Problem(entry.Name) is { } problem)
            {
                issues.Add(new("", $"The name {PackageNames.Show(entry.Name)} {problem}.", "Such names are refused, since they could reach outside the plugin or mean another file on another system. Rename the file and pack again."));
                continue;
            }

            // Each folder on the way is a name of its own: "a" cannot be a file and also hold "a/b", nor can "A/x" and "a/y" be told apart everywhere.
            for (var slash = entry.Name.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = entry.Name.IndexOf('/', slash + 1))
                Claim(entry.Name[..slash], isFolder: true);

            Claim(entry.Name, entry.IsFolder);
        }

        if (issues.Count == 0 && !entries.Any(entry => entry is { Name: ManifestName, IsFolder: false }))
            issues.Add(NoManifest(entries));

        return issues;

        void Claim(string name, bool isFolder)
        {
            if (seen.TryAdd(PackageNames.Fold(name), (name, isFolder)))
                return;

            var other = seen[PackageNames.Fold(name)];
            if (other.Name != name)
                issues.Add(new("", $"{PackageNames.Show(other.Name)} and {PackageNames.Show(name)} are one name on Windows and macOS, which ignore case.", "Rename one of them and pack again."));
            else if (!other.IsFolder || !isFolder)
                issues.Add(new("", $"{PackageNames.Show(name)} is there twice.", "Nobody could say which of them is meant. Pack the plugin again."));
        }
    }

    private static ValidationIssue NoManifest(IReadOnlyList<ZipEntry> entries)
    {
        var elsewhere = entries.Where(entry => !entry.IsFolder && Path.GetFileName(entry.Name).Equals(ManifestName, StringComparison.OrdinalIgnoreCase)).MinBy(entry => entry.Name.Count(c => c == '/'));
        return elsewhere is null
            ? new("", $"The package has no {ManifestName}.", "A package is a plugin's folder: its manifest, and its assemblies in bin.")
            : new("", $"The package has no {ManifestName} at its root; there is {PackageNames.Show(elsewhere.Name)}.", "Put the folder's content into the archive, not the folder. The name is written in small letters.");
    }

    private static async Task<string> ExpandFileAsync(Stream archive, ZipEntry entry, string folder, Budget budget, CancellationToken cancellationToken)
    {
        var path = PluginPaths.Inside(folder, entry.Name) ?? throw new PackageException($"{PackageNames.Show(entry.Name)} leads out of the plugin's folder.");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        return await ExpandAsync(archive, entry, file, budget, cancellationToken);
    }

    private static async Task<byte[]> ReadListAsync(Stream archive, ZipEntry entry, Budget budget, CancellationToken cancellationToken)
    {
        if (entry.Size > MostChecksumBytes)
            throw new PackageException($"{PluginPackage.ChecksumsName} is larger than 4 MB.");

        using var bytes = new MemoryStream();
        await ExpandAsync(archive, entry, bytes, budget, cancellationToken);
        return bytes.ToArray();
    }

    /// <returns>The SHA-256 of what was written.</returns>
    private static async Task<string> ExpandAsync(Stream archive, ZipEntry entry, Stream target, Budget budget, CancellationToken cancellationToken)
    {
        await using var packed = new ZipSection(archive, entry.DataOffset, entry.CompressedSize);
        await using Stream content = entry.IsCompressed ? new DeflateStream(packed, CompressionMode.Decompress, leaveOpen: true) : packed;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var crc = default(Crc32);
        var buffer = new byte[BufferBytes];
        long size = 0;
        try
        {
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                size += count;
                budget.Take(entry, size, count);
                crc.Append(buffer.AsSpan(0, count));
                hash.AppendData(buffer, 0, count);
                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
        catch (InvalidDataException)
        {
            throw new PackageException($"{PackageNames.Show(entry.Name)} is damaged: it cannot be decompressed.", "Send the package again, or pack it again.");
        }

        if (size != entry.Size || crc.Value != entry.Crc)
            throw new PackageException($"{PackageNames.Show(entry.Name)} is damaged: its size or checksum is not what the archive says.", "Send the package again, or pack it again.");

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class Budget(PackageLimits limits)
    {
        private long total;

        public void Take(ZipEntry entry, long size, int count)
        {
            total += count;
            if (size > entry.Size)
                throw new PackageException($"{PackageNames.Show(entry.Name)} is larger than the archive says.", "This is how archives are made that fill a disk. Do not trust where it comes from.");

            if (size > RatioFrom && size / limits.Ratio > entry.CompressedSize)
                throw new PackageException(string.Create(CultureInfo.InvariantCulture, $"{PackageNames.Show(entry.Name)} grows to more than {limits.Ratio} times its packed size."), "This is how archives are made that fill a disk. A file that is mostly empty does not belong into a plugin.");

            if (total > limits.ExpandedBytes)
                throw new PackageException(string.Create(CultureInfo.InvariantCulture, $"The package unpacks to more than {limits.ExpandedBytes} bytes."), "The limit is Hub:Plugins:MaxExpandedBytes.");
        }
    }
}
