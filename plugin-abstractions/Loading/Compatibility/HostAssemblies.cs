using System.Collections.Concurrent;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>The assemblies that the host gives to plugins, shared and of the framework: read once, kept for all plugins. Thread-safe.</summary>
internal sealed class HostAssemblies : IAssemblyWorld
{
    private readonly ConcurrentDictionary<string, Lazy<AssemblySurface?>> surfaces = new(StringComparer.OrdinalIgnoreCase);

    private HostAssemblies()
    {
    }

    public static HostAssemblies Instance { get; } = new();

    public AssemblySurface Contract => Find(SharedAssemblies.ContractName)!;

    public AssemblySurface? Find(string name) =>
        surfaces.GetOrAdd(name, static (key, world) => new(() => SharedAssemblies.FileOf(key) is { } file ? AssemblySurface.Open(file, world) : null), this).Value;
}
