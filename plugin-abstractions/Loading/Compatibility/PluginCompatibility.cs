using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>
/// Proves, before anything of a plugin is loaded, that this host can run it: reads the metadata of its entry assembly and of every assembly of the plugin that this reaches,
/// and compares what they need with what the host has. Executes nothing and leaves no file open. Thread-safe.
/// </summary>
internal static class PluginCompatibility
{
    /// <summary>Finds everything that does not fit. Give it the folder that will be loaded from.</summary>
    /// <param name="folder">The plugin's folder, a full path.</param>
    /// <param name="manifest">Its manifest; one without <c>entry</c> fits always.</param>
    public static CompatibilityReport Check(string folder, ProviderManifest manifest)
    {
        var findings = new CompatibilityFindings();
        if (manifest.Entry is { } entry)
        {
            try
            {
                Check(PluginPaths.EntryAssembly(folder, entry.Assembly), entry, manifest.HostApi, findings);
            }
            catch (PluginLoadException fault)
            {
                foreach (var issue in fault.Issues)
                    findings.Error(issue);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                findings.Error(CompatibilityFindings.AssemblyPointer, $"The plugin's assemblies cannot be read: {fault.Message}", "Give the hub's user the right to read them.");
            }
        }

        return findings.ToReport();
    }

    /// <summary>Finds everything that does not fit.</summary>
    /// <returns>What fits, but should be looked at.</returns>
    /// <exception cref="PluginLoadException">Something does not fit: all of it is listed.</exception>
    public static IReadOnlyList<ValidationIssue> Require(string folder, ProviderManifest manifest)
    {
        var report = Check(folder, manifest);
        return report.Errors.Count == 0 ? report.Warnings : throw new PluginLoadException(report.Errors);
    }

    private static void Check(string file, EntryManifest entry, string hostApi, CompatibilityFindings findings)
    {
        using var plugin = new PluginAssemblies(file, findings);
        if (plugin.Open(file, out var damage) is not { } entryAssembly)
        {
            findings.Error(
                CompatibilityFindings.AssemblyPointer,
                $"'{entry.Assembly}' is no .NET assembly that this host can load: {damage}",
                "It may be damaged, a native library, or built for another processor. Build it as AnyCPU for net10.0.");
            return;
        }

        Queue<AssemblySurface> reached = new([entryAssembly]);
        HashSet<AssemblySurface> seen = [];
        while (reached.TryDequeue(out var assembly))
            if (seen.Add(assembly))
                Guard(assembly, findings, () => CheckAssembly(assembly, assembly == entryAssembly, hostApi, plugin, reached, findings));

        Guard(entryAssembly, findings, () => EntryTypeRule.Check(entryAssembly, entry, findings));
        FolderRule.CheckCopies(Path.GetDirectoryName(file)!, findings);
    }

    private static void CheckAssembly(AssemblySurface assembly, bool isEntry, string hostApi, PluginAssemblies plugin, Queue<AssemblySurface> reached, CompatibilityFindings findings)
    {
        var who = isEntry ? "The plugin" : $"'{assembly.FileName}', which the plugin uses,";
        var saidTooNew = ImageRule.Check(assembly, findings);
        var compared = ReferenceRule.Check(assembly, who, isEntry, saidTooNew, plugin, reached, findings);
        new MemberRule(assembly, who, isEntry, compared, findings).Check();

        if (isEntry && ContractReference(assembly) is { } builtAgainst && SharedAssemblies.IsComparable(SharedAssemblies.ContractName, builtAgainst, HostAssemblies.Instance.Contract.Version))
            FolderRule.CheckHostApi(hostApi, builtAgainst, findings);
    }

    private static Version? ContractReference(AssemblySurface assembly)
    {
        foreach (var handle in assembly.Metadata.AssemblyReferences)
        {
            var reference = assembly.Metadata.GetAssemblyReference(handle);
            if (assembly.Metadata.StringComparer.Equals(reference.Name, SharedAssemblies.ContractName))
                return reference.Version;
        }

        return null;
    }

    // Damage shows itself wherever the damaged part is first read.
    private static void Guard(AssemblySurface assembly, CompatibilityFindings findings, Action check)
    {
        try
        {
            check();
        }
        catch (Exception fault) when (fault is BadImageFormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            findings.Error(CompatibilityFindings.AssemblyPointer, $"'{assembly.FileName}' is damaged: {fault.Message}", "Build or download it again.");
        }
    }
}
