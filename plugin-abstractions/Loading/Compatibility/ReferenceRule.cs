using System.Reflection.Metadata;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>An assembly whose members are compared with what a plugin needs of them.</summary>
/// <param name="Surface">What there is.</param>
/// <param name="Offer">What it is called in messages: "this hub's contract 1.0".</param>
/// <param name="Hint">What to do when something is not there.</param>
/// <param name="FromHost">Whether the host gives it.</param>
internal sealed record ComparedAssembly(AssemblySurface Surface, string Offer, string Hint, bool FromHost);

/// <summary>Every assembly that is referenced is there, in a version that will do.</summary>
internal static class ReferenceRule
{
    /// <param name="assembly">The assembly that refers to others.</param>
    /// <param name="who">Its name in messages.</param>
    /// <param name="isEntry">Whether it is the entry assembly: what only a library misses may never be missed.</param>
    /// <param name="saidTooNew">Whether it has been said that it needs a newer .NET.</param>
    /// <param name="plugin">Where references lead.</param>
    /// <param name="reached">Takes the plugin's files that are referenced.</param>
    /// <param name="findings">Takes what is wrong.</param>
    /// <returns>The references whose members must be compared.</returns>
    public static Dictionary<AssemblyReferenceHandle, ComparedAssembly> Check(
        AssemblySurface assembly, string who, bool isEntry, bool saidTooNew, PluginAssemblies plugin, Queue<AssemblySurface> reached, CompatibilityFindings findings)
    {
        Dictionary<AssemblyReferenceHandle, ComparedAssembly> compared = [];
        foreach (var handle in assembly.Metadata.AssemblyReferences)
        {
            var reference = assembly.Metadata.GetAssemblyReference(handle);
            var name = assembly.Metadata.GetString(reference.Name);
            if (!reference.Culture.IsNil && assembly.Metadata.GetString(reference.Culture).Length > 0)
                continue;

            switch (plugin.Source(name, out var file))
            {
                case ReferenceSource.Shared when plugin.Find(name) is { } shared:
                    if (SharedAssemblies.WhyUnfit(name, reference.Version, shared.Version, who) is { } unfit)
                        findings.Error(unfit);

                    if (SharedAssemblies.IsComparable(name, reference.Version, shared.Version))
                        compared.Add(handle, Compare(shared, reference.Version));

                    break;

                case ReferenceSource.Plugin:
                    CheckPrivate(file!, reference.Version, handle, compared, plugin, reached, findings);
                    break;

                case ReferenceSource.Framework when plugin.Find(name) is { } framework:
                    if (reference.Version > framework.Version && !saidTooNew)
                    {
                        saidTooNew = true;
                        findings.Error(
                            CompatibilityFindings.AssemblyPointer,
                            $"{who} needs {name} {reference.Version}, and this hub's .NET {Environment.Version} has {framework.Version}.",
                            $"Build it for net{Environment.Version.ToString(2)}, or install a hub that runs on a newer .NET.");
                    }

                    break;

                default:
                    ReportMissing(name, reference.Version, who, isEntry, findings);
                    break;
            }
        }

        return compared;
    }

    private static ComparedAssembly Compare(AssemblySurface shared, Version builtAgainst)
    {
        var isContract = shared.Name == SharedAssemblies.ContractName;
        var offer = isContract ? $"this hub's contract {shared.Version.ToString(2)}" : $"this hub's {shared.Name} {shared.Version}";
        var target = isContract ? $"{shared.Name} {shared.Version.ToString(2)}" : $"{shared.Name} {shared.Version}";
        return new(
            shared,
            offer,
            builtAgainst > shared.Version ? $"Install a newer hub, or rebuild the plugin against {target}." : $"The plugin was built against another build of {shared.Name}: rebuild it against {target}.",
            FromHost: true);
    }

    // The runtime takes the plugin's file whatever its version, so an older one matters only where it lacks something.
    private static void CheckPrivate(
        string file, Version wanted, AssemblyReferenceHandle handle, Dictionary<AssemblyReferenceHandle, ComparedAssembly> compared,
        PluginAssemblies plugin, Queue<AssemblySurface> reached, CompatibilityFindings findings)
    {
        if (plugin.Open(file, out var damage) is not { } surface)
        {
            findings.Error(CompatibilityFindings.AssemblyPointer, $"'{Path.GetFileName(file)}', which the plugin needs, cannot be loaded: {damage}", "Replace it: it is damaged, a native library, or no assembly.");
            return;
        }

        reached.Enqueue(surface);
        if (surface.Version < wanted)
        {
            compared.Add(handle, new(
                surface,
                $"the {surface.Name} {surface.Version} in the plugin's folder",
                $"Ship {surface.Name} {wanted} or later with the plugin.",
                FromHost: false));
        }
    }

    private static void ReportMissing(string name, Version version, string who, bool isEntry, CompatibilityFindings findings)
    {
        const string Hint = "Copy it there. A project with <EnableDynamicLoading>true</EnableDynamicLoading> copies the packages it uses to its output.";
        if (isEntry)
            findings.Error(CompatibilityFindings.AssemblyPointer, $"The assembly {name} {version}, which the plugin needs, is not in its folder.", Hint);
        else
            findings.Warning(CompatibilityFindings.AssemblyPointer, $"The assembly {name} {version} is not in the plugin's folder: what {who} does with it will fail.", Hint);
    }
}
