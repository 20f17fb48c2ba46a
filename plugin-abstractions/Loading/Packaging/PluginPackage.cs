using System.Globalization;
using System.Security.Cryptography;
using IntegrationHub.Schemas;

namespace IntegrationHub.Loading.Packaging;

/// <summary>A packed plugin: what was written and what to compare it by.</summary>
/// <param name="Files">The names of the files, without the list of checksums.</param>
/// <param name="Digest">The SHA-256 of the plugin (<see cref="PluginDigest"/>), which <c>plugins.json</c> can pin.</param>
internal sealed record PackedPlugin(IReadOnlyList<string> Files, string Digest);

/// <summary>
/// A plugin as one file: a ZIP archive of its files (<see cref="PluginFiles"/>) and their checksums. The same files give the same bytes on every machine:
/// ordinal order, no times, owners or attributes, and stored rather than compressed, since a compressor's output changes with its version and the processor.
/// </summary>
internal static class PluginPackage
{
    /// <summary>The list of checksums, at the root of the archive. Not a file of the plugin: an unpacked copy of it changes nothing.</summary>
    public const string ChecksumsName = PluginFiles.ChecksumsName;

    private const int MostFiles = ushort.MaxValue - 1;

    /// <summary>What a package is called: <c>id-version.zip</c>.</summary>
    public static string FileName(string id, string version) => $"{id}-{version}.zip";

    /// <summary>What keeps the files from being packed: names that would mean something else, or nothing, on another machine.</summary>
    public static IReadOnlyList<ValidationIssue> CheckNames(IReadOnlyList<string> files)
    {
        List<ValidationIssue> issues = [];
        Dictionary<string, string> folded = new(StringComparer.Ordinal);
        foreach (var file in files)
        {
            if (PackageNames.Problem(file) is { } problem)
                issues.Add(new("", $"The file name {PackageNames.Show(file)} {problem}.", "Rename the file: a package must mean the same on every system."));
            else if (!folded.TryAdd(PackageNames.Fold(file), file))
                issues.Add(new("", $"{PackageNames.Show(folded[PackageNames.Fold(file)])} and {PackageNames.Show(file)} are one file on Windows and macOS, which ignore case.", "Rename one of them."));
        }

        if (files.Count > MostFiles)
            issues.Add(new("", string.Create(CultureInfo.InvariantCulture, $"The folder has {files.Count} files; a package holds {MostFiles}."), null));

        return issues;
    }

    /// <summary>Writes the package.</summary>
    /// <exception cref="PackageException">A name cannot be packed, or the whole is larger than 4 GB.</exception>
    public static PackedPlugin Write(string folder, Stream output)
    {
        var files = PluginFiles.List(folder);
        if (CheckNames(files) is { Count: > 0 } issues)
            throw new PackageException(issues);

        var zip = new ZipWriter(output);
        List<(string Name, string Sha256)> checksums = [];
        foreach (var file in files)
        {
            // Read once, so that a file that changes meanwhile cannot get the checksum of another state.
            var bytes = File.ReadAllBytes(Path.Combine(folder, file));
            zip.Add(file, bytes);
            checksums.Add((file, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }

        zip.Add(ChecksumsName, PackageChecksums.Write(checksums));
        zip.Finish();
        return new PackedPlugin(files, PluginDigest.Of(checksums));
    }
}
