using System.Reflection;
using System.Runtime.Loader;

namespace IntegrationHub.Loading;

/// <summary>One plugin's own world of assemblies: shared ones from the host, framework ones from the framework, all others from the plugin's folder.</summary>
internal sealed class PluginLoadContext(string name, string assemblyPath) : AssemblyLoadContext(name, isCollectible: true)
{
    private readonly AssemblyDependencyResolver resolver = new(assemblyPath);
    private readonly string folder = Path.GetDirectoryName(assemblyPath)!;

    /// <summary>The native libraries that it loaded, to be closed when it has left memory.</summary>
    public LoadedLibraries Libraries { get; } = new();

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (SharedAssemblies.Names.Contains(assemblyName.Name!))
            return SharedAssemblies.Load(assemblyName);

        // Without a deps.json the resolver knows every file beside the assembly; with one, only what is listed there.
        if (resolver.ResolveAssemblyToPath(assemblyName) is { } path)
            return LoadFromAssemblyPath(path);

        if (assemblyName.CultureName is null or "" && Path.Combine(folder, assemblyName.Name + ".dll") is var beside && File.Exists(beside))
            return LoadFromAssemblyPath(beside);

        // Null hands the request to the host's context, which also has the host's own packages: a plugin must not come to depend on those.
        if (assemblyName.CultureName is not (null or "") || SharedAssemblies.IsFramework(assemblyName))
            return null;

        throw new PluginLoadException(
            "/entry/assembly",
            $"The assembly {assemblyName.Name} {assemblyName.Version}, which the plugin needs, is not in its folder.",
            "Copy it there. A project with <EnableDynamicLoading>true</EnableDynamicLoading> copies the packages it uses to its output.");
    }

    // Zero hands the request to the system, as for libraries that belong to it.
    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        if ((resolver.ResolveUnmanagedDllToPath(unmanagedDllName) ?? NativeLibraries.Find(folder, unmanagedDllName)) is not { } path)
            return 0;

        var handle = LoadUnmanagedDllFromPath(path);
        Libraries.Add(handle);
        return handle;
    }
}
