using System.Text;
using IntegrationHub.Schemas;

namespace IntegrationHub.Loading.Packaging;

/// <summary>The list of every file's SHA-256 inside a package, in the format of <c>sha256sum</c>, so that <c>sha256sum -c checksums.sha256</c> checks what was unpacked.</summary>
internal static class PackageChecksums
{
    private const int DigestLength = 64;

    public static byte[] Write(IEnumerable<(string Name, string Sha256)> files)
    {
        var text = new StringBuilder();
        foreach (var (name, sha256) in files)
            text.Append(sha256).Append("  ").Append(name).Append('\n');

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Everything in which the list and the files differ.</summary>
    /// <param name="list">The content of <c>checksums.sha256</c>.</param>
    /// <param name="files">The SHA-256 of each file of the package but the list.</param>
    public static IEnumerable<ValidationIssue> Compare(ReadOnlySpan<byte> list, IReadOnlyDictionary<string, string> files)
    {
        List<ValidationIssue> issues = [];
        HashSet<string> listed = new(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in Encoding.UTF8.GetString(list).Split('\n'))
        {
            number++;
            if (line.TrimEnd('\r') is not { Length: > 0 } text)
                continue;

            if (!TryParse(text, out var name, out var sha256))
                issues.Add(new("", $"Line {number} of {PluginPackage.ChecksumsName} is not a checksum and a name.", "Lines look like those of sha256sum: 64 hexadecimal digits, two spaces, the name."));
            else if (!listed.Add(name))
                issues.Add(new("", $"{PluginPackage.ChecksumsName} lists {PackageNames.Show(name)} twice.", null));
            else if (!files.TryGetValue(name, out var actual))
                issues.Add(new("", $"{PluginPackage.ChecksumsName} lists {PackageNames.Show(name)}, which is not in the package.", "A file was taken out or renamed after packing. Pack the plugin again."));
            else if (!sha256.Equals(actual, StringComparison.OrdinalIgnoreCase))
                issues.Add(new("", $"{PackageNames.Show(name)} is not the file that was packed: its SHA-256 is {actual}, and {PluginPackage.ChecksumsName} says {sha256}.", "It was changed or damaged after packing. Get the package again from its publisher."));
        }

        issues.AddRange(files.Keys.Where(name => !listed.Contains(name)).Order(StringComparer.Ordinal).Select(name =>
            new ValidationIssue("", $"{PackageNames.Show(name)} is in the package, and not in {PluginPackage.ChecksumsName}.", "A file was added after packing. Pack the plugin again.")));
        return issues;
    }

    private static bool TryParse(string line, out string name, out string sha256)
    {
        (name, sha256) = ("", "");
        if (line.Length < DigestLength + 3 || !line.AsSpan(0, DigestLength).ContainsOnlyHex() || line[DigestLength] != ' ' || line[DigestLength + 1] is not (' ' or '*'))
            return false;

        (sha256, name) = (line[..DigestLength], line[(DigestLength + 2)..]);
        return true;
    }

    private static bool ContainsOnlyHex(this ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (!char.IsAsciiHexDigit(c))
                return false;

        return true;
    }
}
