using System.Globalization;

namespace IntegrationHub.Loading;

/// <summary>A copy of a plugin's files that nobody else writes to, and the digest of exactly these files.</summary>
/// <param name="Folder">Its full path: laid out as the plugin's own folder is.</param>
/// <param name="Sha256">The <see cref="PluginDigest"/> over the copy.</param>
internal sealed record PluginSnapshot(string Folder, string Sha256)
{
    /// <summary>Removes the copy once nothing of it is loaded any more; what the system still holds open goes at the next start.</summary>
    public void TryDelete() => ShadowFolders.TryDelete(Folder);
}

/// <summary>
/// Copies of plugins, from which they are loaded: the originals can be overwritten while the plugin runs, what was hashed is what runs, and every generation loads its own
/// files. Thread-safe.
/// </summary>
internal sealed class ShadowFolders(string dataFolder)
{
    private const int DigestDigits = 12;
    private readonly string root = Path.GetFullPath(Path.Combine(dataFolder, "plugins-shadow"));
    private int number;

    /// <summary>Removes what an earlier run left behind. Nothing may be loaded yet.</summary>
    public void Clean()
    {
        if (Directory.Exists(root))
            Directory.Delete(root, recursive: true);
    }

    /// <summary>Copies what makes up the plugin (<see cref="PluginFiles"/>) to <c>&lt;root&gt;/&lt;id&gt;/&lt;digest&gt;-&lt;n&gt;</c>.</summary>
    /// <exception cref="IOException">A file cannot be read or written; it may be being replaced just now.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public PluginSnapshot Take(string pluginId, string folder)
    {
        if (pluginId is "" or "." or ".." || pluginId != Path.GetFileName(pluginId))
            throw new ArgumentException($"'{pluginId}' is no plugin id.", nameof(pluginId));

        var suffix = Interlocked.Increment(ref number).ToString(CultureInfo.InvariantCulture);
        var parent = Path.Combine(root, pluginId);
        var incoming = Path.Combine(parent, "new-" + suffix);
        try
        {
            var files = PluginFiles.List(folder);
            Directory.CreateDirectory(incoming);
            foreach (var file in files)
            {
                var target = Path.Combine(incoming, file);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                SharedFile.Copy(Path.Combine(folder, file), target);
            }

            var digest = PluginDigest.Compute(incoming, files);
            var kept = Path.Combine(parent, $"{digest[..DigestDigits]}-{suffix}");
            Directory.Move(incoming, kept);
            return new PluginSnapshot(kept, digest);
        }
        catch
        {
            TryDelete(incoming);
            throw;
        }
    }

    public static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Still mapped (Windows): Clean gets it.
        }
    }
}
