using System.Globalization;
using System.Security.Cryptography;

namespace IntegrationHub.Loading;

/// <summary>
/// Copies of plugin assemblies, from which they are loaded: the originals can be overwritten while the plugin runs, and every generation loads its own files.
/// Thread-safe.
/// </summary>
internal sealed class ShadowFolders(string dataFolder)
{
    private static readonly HashSet<string> Skipped = new(StringComparer.OrdinalIgnoreCase) { "obj", ".git", ".vs", "node_modules" };
    private readonly string root = Path.GetFullPath(Path.Combine(dataFolder, "plugins-shadow"));
    private int generation;

    /// <summary>Removes what an earlier run left behind. Nothing may be loaded yet.</summary>
    public void Clean()
    {
        if (Directory.Exists(root))
            Directory.Delete(root, recursive: true);
    }

    /// <summary>Copies the folder of an assembly.</summary>
    /// <returns>The path of the assembly's copy.</returns>
    public string Copy(string pluginId, string assemblyPath)
    {
        string hash;
        using (var stream = File.OpenRead(assemblyPath))
            hash = Convert.ToHexStringLower(SHA256.HashData(stream))[..12];

        var number = Interlocked.Increment(ref generation).ToString(CultureInfo.InvariantCulture);
        var target = Path.Combine(root, pluginId, $"{hash}-{number}");
        CopyFolder(new DirectoryInfo(Path.GetDirectoryName(assemblyPath)!), target);
        return Path.Combine(target, Path.GetFileName(assemblyPath));
    }

    /// <summary>Removes one copy after its plugin was unloaded; what the system still holds open goes at the next start.</summary>
    public static void TryDelete(string assemblyCopy)
    {
        try
        {
            Directory.Delete(Path.GetDirectoryName(assemblyCopy)!, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Still mapped (Windows): Clean gets it.
        }
    }

    private static void CopyFolder(DirectoryInfo source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in source.EnumerateFiles())
            file.CopyTo(Path.Combine(target, file.Name));

        // Links could lead anywhere, also in circles.
        foreach (var folder in source.EnumerateDirectories())
            if (!Skipped.Contains(folder.Name) && !folder.Attributes.HasFlag(FileAttributes.ReparsePoint))
                CopyFolder(folder, Path.Combine(target, folder.Name));
    }
}
