namespace IntegrationHub.Loading;

/// <summary>Resolves the file names that a manifest gives.</summary>
internal static class PluginPaths
{
    /// <summary>The full path of a file below the plugin's folder; <see langword="null"/> when the name leads out of it.</summary>
    public static string? Inside(string folder, string name)
    {
        if (Path.IsPathRooted(name))
            return null;

        var full = Path.GetFullPath(Path.Combine(folder, name));
        return full.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full : null;
    }

    /// <summary>The entry assembly: beside the manifest, or in <c>bin/</c> below it.</summary>
    /// <param name="folder">Where to look.</param>
    /// <param name="name">The name in the manifest.</param>
    /// <param name="shownFolder">The folder that an error names: the plugin's own, when <paramref name="folder"/> is a copy of it.</param>
    /// <exception cref="PluginLoadException">It is in neither place.</exception>
    public static string EntryAssembly(string folder, string name, string? shownFolder = null)
    {
        if (name != Path.GetFileName(name) || !name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
            throw new PluginLoadException("/entry/assembly", "'assembly' is a file name that ends in .dll, without a folder.", "Name the DLL that lies beside the manifest or in bin/.");

        var places = new[] { Path.Combine(folder, name), Path.Combine(folder, "bin", name) };
        return Array.Find(places, File.Exists)
            ?? throw new PluginLoadException(
                "/entry/assembly",
                $"'{name}' is neither in '{shownFolder ?? folder}' nor in 'bin' below it.",
                "Build the plugin's project, or copy its output there. Mind capital letters in the name.");
    }
}
