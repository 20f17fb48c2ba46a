using System.Reflection;
using System.Runtime.Loader;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>Where a plugin's reference leads, by the same rules in the same order as <see cref="PluginLoadContext"/> follows when it loads.</summary>
internal enum ReferenceSource
{
    /// <summary>Always the host's copy.</summary>
    Shared,

    /// <summary>A file of the plugin.</summary>
    Plugin,

    /// <summary>The host's .NET or ASP.NET Core.</summary>
    Framework,

    /// <summary>Nowhere.</summary>
    Missing,
}

/// <summary>A plugin's own assemblies, opened when they are first asked for. For one thread.</summary>
internal sealed class PluginAssemblies : IAssemblyWorld, IDisposable
{
    private readonly string folder;
    private readonly AssemblyDependencyResolver? resolver;
    private readonly Dictionary<string, (AssemblySurface? Surface, string? Damage)> opened = new(StringComparer.OrdinalIgnoreCase);

    public PluginAssemblies(string entryFile, CompatibilityFindings findings)
    {
        folder = Path.GetDirectoryName(entryFile)!;
        try
        {
            resolver = new AssemblyDependencyResolver(entryFile);
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException)
        {
            findings.Error(
                CompatibilityFindings.AssemblyPointer,
                $"'{Path.GetFileNameWithoutExtension(entryFile)}.deps.json', which says where the plugin's assemblies are, cannot be read.",
                "Build the plugin again, or delete the file: then the assemblies are sought beside the entry assembly.");
        }
    }

    public AssemblySurface? Find(string name) => Source(name, out var file) switch
    {
        ReferenceSource.Shared or ReferenceSource.Framework => HostAssemblies.Instance.Find(name),
        ReferenceSource.Plugin => Open(file!, out _),
        _ => null,
    };

    public ReferenceSource Source(string name, out string? file)
    {
        file = null;
        if (SharedAssemblies.Names.Contains(name))
            return ReferenceSource.Shared;

        var wanted = new AssemblyName { Name = name };
        file = resolver?.ResolveAssemblyToPath(wanted);
        if (file is null && Path.Combine(folder, name + ".dll") is var beside && File.Exists(beside))
            file = beside;

        if (file is not null)
            return ReferenceSource.Plugin;

        return SharedAssemblies.IsFramework(wanted) ? ReferenceSource.Framework : ReferenceSource.Missing;
    }

    /// <summary>Opens a file of the plugin.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="damage">Why it cannot be opened.</param>
    public AssemblySurface? Open(string file, out string? damage)
    {
        if (!opened.TryGetValue(file, out var known))
        {
            try
            {
                known = (AssemblySurface.Open(file, this), null);
            }
            catch (Exception fault) when (fault is BadImageFormatException or IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                known = (null, fault.Message);
            }

            opened.Add(file, known);
        }

        damage = known.Damage;
        return known.Surface;
    }

    public void Dispose()
    {
        foreach (var (surface, _) in opened.Values)
            surface?.Dispose();
    }
}
