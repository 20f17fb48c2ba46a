using IntegrationHub.Host.Plugins.Install;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>A plugin folder that the operator's list names, or that was installed.</summary>
/// <param name="Folder">Its full path.</param>
/// <param name="Enabled">Whether the operator wants it loaded.</param>
/// <param name="Sha256">The digest it must have, 64 digits in lower case; <see langword="null"/> when it is not pinned.</param>
internal sealed record PluginSource(string Folder, bool Enabled, string? Sha256 = null)
{
    public const string ManifestName = "manifest.json";

    public string ManifestPath => Path.Combine(Folder, ManifestName);
}

/// <summary>The plugin folders, in the order of the list, then the installed ones, and what could not be found.</summary>
internal sealed record DiscoveryResult(IReadOnlyList<PluginSource> Sources, IReadOnlyList<ValidationIssue> Errors);

/// <summary>Turns the operator's list into plugin folders: those with a <c>manifest.json</c>.</summary>
internal static class PluginDiscovery
{
    private static readonly StringComparer PathComparer = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <param name="list">The operator's list.</param>
    /// <param name="installed">The folder of the installed plugins, which need no entry; one that they have all the same says whether they are enabled and pinned.</param>
    public static DiscoveryResult Find(PluginList list, string? installed = null)
    {
        List<ValidationIssue> errors = [];
        List<PluginSource> sources = [];
        Dictionary<string, int> positions = new(PathComparer);

        foreach (var entry in list.Entries)
        {
            foreach (var folder in Folders(list.Folder, entry, errors))
            {
                // A later entry for the same folder refines an earlier one: ["plugins/*", { "path": "plugins/x", "enabled": false }].
                var source = new PluginSource(folder, entry.Enabled, entry.Sha256);
                if (positions.TryGetValue(folder, out var position))
                {
                    // A pin is lifted by taking it out, never by another entry that says nothing of it.
                    sources[position] = source with { Sha256 = source.Sha256 ?? sources[position].Sha256 };
                }
                else
                {
                    positions[folder] = sources.Count;
                    sources.Add(source);
                }
            }
        }

        if (installed is not null)
            sources.AddRange(Installed(installed, errors).Where(folder => !positions.ContainsKey(folder)).Select(folder => new PluginSource(folder, Enabled: true)));

        return new DiscoveryResult(sources, errors);
    }

    private static IReadOnlyList<string> Installed(string root, List<ValidationIssue> errors)
    {
        try
        {
            return [.. InstalledPlugins.Folders(root)];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            errors.Add(new("", $"The folder of the installed plugins cannot be read: {fault.Message}", "Give the hub's user the right to read it."));
            return [];
        }
    }

    private static IReadOnlyList<string> Folders(string root, PluginListEntry entry, List<ValidationIssue> errors)
    {
        try
        {
            if (!entry.IsPattern)
                return [.. Named(root, entry, errors)];

            if (entry.Path.Contains("**", StringComparison.Ordinal))
            {
                errors.Add(new(entry.Pointer, $"'{entry.Path}' uses '**', which is not supported.", "Use one * per folder level, for example plugins/*."));
                return [];
            }

            return [.. Matching(root, entry.Path).Where(folder => File.Exists(Path.Combine(folder, PluginSource.ManifestName)))];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.Add(new(entry.Pointer, $"'{entry.Path}' cannot be read: {fault.Message}", "Give the hub's user the right to read the folder."));
            return [];
        }
    }

    private static IEnumerable<string> Named(string root, PluginListEntry entry, List<ValidationIssue> errors)
    {
        var folder = Normal(Path.Combine(root, entry.Path));
        if (!Directory.Exists(folder))
            errors.Add(new(entry.Pointer, $"There is no folder '{folder}'.", "Paths are relative to the plugin list."));
        else if (!File.Exists(Path.Combine(folder, PluginSource.ManifestName)))
            errors.Add(new(entry.Pointer, $"'{folder}' has no {PluginSource.ManifestName}.", "A plugin is a folder with a manifest; name the folder itself."));
        else
            yield return folder;
    }

    private static IEnumerable<string> Matching(string root, string pattern)
    {
        IEnumerable<string> folders = [Path.IsPathRooted(pattern) ? Path.GetPathRoot(Path.GetFullPath(pattern))! : root];
        foreach (var segment in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            folders = segment.AsSpan().IndexOfAny('*', '?') < 0
                ? folders.Select(folder => Path.Combine(folder, segment)).Where(Directory.Exists)
                : folders.SelectMany(folder => Directory.EnumerateDirectories(folder, segment).Order(StringComparer.Ordinal));
        }

        return folders.Select(Normal);
    }

    private static string Normal(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
