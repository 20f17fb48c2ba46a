namespace IntegrationHub.Host.Plugins.Install;

/// <summary>The folder of the plugins that were installed through the API, one folder each, named by its id.</summary>
internal static class InstalledPlugins
{
    public const string StagingName = ".staging";

    private static readonly StringComparison PathComparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    public static string Root(HubOptions options) => Path.GetFullPath(Path.Combine(options.Data, "plugins"));

    /// <summary>The installed plugins' folders. What begins with a dot is being worked on.</summary>
    public static IEnumerable<string> Folders(string root) =>
        !Directory.Exists(root)
            ? []
            : Directory.EnumerateDirectories(root)
                .Where(folder => !Path.GetFileName(folder).StartsWith('.') && File.Exists(Path.Combine(folder, PluginSource.ManifestName)))
                .Order(StringComparer.Ordinal);

    /// <summary>Whether the folder is one of these.</summary>
    public static bool Contains(string root, string folder) => IsSame(Path.GetDirectoryName(folder) ?? "", root);

    public static bool IsSame(string one, string other) => one.Equals(other, PathComparison);
}
