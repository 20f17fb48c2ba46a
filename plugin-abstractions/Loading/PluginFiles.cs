namespace IntegrationHub.Loading;

/// <summary>
/// Which files of a folder make up the plugin: what is copied before it is loaded, what its SHA-256 covers, and what is packed. Nothing else of the folder is ever read.
/// Left out are what it is built from, tested with and described by (<c>*.cs</c>, projects, symbols, <c>obj</c>, <c>tests</c>, <c>contract</c>), hidden files, and links, which could lead anywhere;
/// also a package's list of checksums beside the manifest, so that a plugin unpacked by hand is the same plugin.
/// </summary>
internal static class PluginFiles
{
    /// <summary>The list of checksums in a package.</summary>
    public const string ChecksumsName = "checksums.sha256";

    private static readonly HashSet<string> SkippedFolders = new(StringComparer.OrdinalIgnoreCase) { "obj", "tests", "contract", "node_modules" };
    private static readonly HashSet<string> SkippedExtensions = new(StringComparer.OrdinalIgnoreCase) { ".cs", ".csproj", ".sln", ".slnx", ".user", ".pdb", ".zip" };

    /// <summary>The files, relative to the folder, with <c>/</c> between names, in ordinal order.</summary>
    public static IReadOnlyList<string> List(string folder)
    {
        List<string> files = [];
        Collect(new DirectoryInfo(folder), "", files);
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static void Collect(DirectoryInfo folder, string prefix, List<string> files)
    {
        foreach (var file in folder.EnumerateFiles())
            if (!IsHidden(file) && !SkippedExtensions.Contains(file.Extension) && prefix + file.Name != ChecksumsName)
                files.Add(prefix + file.Name);

        foreach (var child in folder.EnumerateDirectories())
            if (!IsHidden(child) && !SkippedFolders.Contains(child.Name))
                Collect(child, prefix + child.Name + "/", files);
    }

    private static bool IsHidden(FileSystemInfo entry) => entry.Name.StartsWith('.') || entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
}
