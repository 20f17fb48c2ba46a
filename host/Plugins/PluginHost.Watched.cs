namespace IntegrationHub.Host.Plugins;

/// <summary>What is to be watched, and what a reported change means. From any thread.</summary>
internal sealed partial class PluginHost
{
    private static readonly StringComparison PathComparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The folder of the list; the folders it names; and for patterns the folder in which they begin, since new plugins appear there.</summary>
    public IReadOnlyCollection<WatchedFolder> WatchedFolders()
    {
        var file = registry.List?.File ?? PluginList.Locate(hubOptions.Value.PluginsFile);
        var root = Path.GetDirectoryName(file)!;
        return [new WatchedFolder(root, Deep: false), .. entries.Select(entry => new WatchedFolder(PlainPart(root, entry.Path), Deep: true)).Distinct()];
    }

    /// <summary>Something below this path was reported to have changed: its plugin's files are read at the next look, whatever their times say.</summary>
    /// <returns>The folder of the plugin that it belongs to.</returns>
    public string? Touch(string path)
    {
        foreach (var slot in slots)
        {
            if (!IsWithin(path, slot.Folder))
                continue;

            slot.Touched = true;
            return slot.Folder;
        }

        return null;
    }

    public void TouchAll()
    {
        foreach (var slot in slots)
            slot.Touched = true;
    }

    /// <summary>Whether a plugin's folder lies below the path.</summary>
    public bool IsAbove(string path) => slots.Any(slot => IsWithin(slot.Folder, path));

    public bool IsList(string path) => registry.List is { } read && read.File.Equals(path, PathComparison);

    private static bool IsWithin(string path, string folder) =>
        path.StartsWith(folder, PathComparison) && (path.Length == folder.Length || path[folder.Length] == Path.DirectorySeparatorChar);

    private static string PlainPart(string root, string pattern)
    {
        var plain = pattern.Split('/').TakeWhile(segment => segment.AsSpan().IndexOfAny('*', '?') < 0);
        var path = string.Join('/', plain);
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path.Length == 0 && pattern.StartsWith('/') ? "/" : Path.Combine(root, path)));
    }
}
