using System.Reflection;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Loading;

/// <summary>Finds the class that a manifest's <c>entry</c> names, and explains what is wrong with it.</summary>
internal static class AdapterFactory
{
    public static ConstructorInfo FindConstructor(PluginLoadContext context, string assemblyCopy, EntryManifest entry)
    {
        var assembly = LoadAssembly(context, assemblyCopy, entry);
        var type = FindType(assembly, entry);
        CheckType(type);
        return type.GetConstructor(Type.EmptyTypes)
            ?? throw new PluginLoadException("/entry/type", $"'{entry.Type}' has no public constructor without parameters.", "Take what you need from the ProviderContext in InitializeAsync.");
    }

    private static Assembly LoadAssembly(PluginLoadContext context, string assemblyCopy, EntryManifest entry)
    {
        try
        {
            return context.LoadFromAssemblyPath(assemblyCopy);
        }
        catch (BadImageFormatException fault)
        {
            throw new PluginLoadException(
                "/entry/assembly",
                $"'{entry.Assembly}' is no .NET assembly that this host can load: {fault.Message}",
                "It may be damaged, a native library, or built for another processor. Build it as AnyCPU for net10.0.");
        }
    }

    private static Type FindType(Assembly assembly, EntryManifest entry)
    {
        if (assembly.GetType(entry.Type, throwOnError: false) is { } type)
            return type;

        var near = assembly.GetTypes().FirstOrDefault(candidate => string.Equals(candidate.Name, entry.Type.Split('.')[^1], StringComparison.OrdinalIgnoreCase));
        throw new PluginLoadException(
            "/entry/type",
            $"'{entry.Assembly}' has no class '{entry.Type}'.",
            near is null ? "Write the full name, with its namespace." : $"Did you mean '{near.FullName}'?");
    }

    private static void CheckType(Type type)
    {
        if (!type.IsVisible)
            throw new PluginLoadException("/entry/type", $"'{type.FullName}' is not public.", "Make the class public.");

        if (!type.IsClass || type.IsAbstract || type.ContainsGenericParameters)
            throw new PluginLoadException("/entry/type", $"'{type.FullName}' cannot be created: it is abstract, generic, or no class.", "Name a concrete class.");

        if (typeof(IProviderAdapter).IsAssignableFrom(type))
            return;

        var lookalike = type.GetInterfaces().FirstOrDefault(candidate => candidate.FullName == typeof(IProviderAdapter).FullName);
        throw lookalike is null
            ? new PluginLoadException("/entry/type", $"'{type.FullName}' does not implement {typeof(IProviderAdapter).FullName}.", "Implement the interface, or name the class that does.")
            : new PluginLoadException(
                "/entry/type",
                $"'{type.FullName}' implements a private copy of {typeof(IProviderAdapter).FullName}, from {lookalike.Assembly.GetName().Name}, not the host's. .NET treats the two as different types.",
                $"Reference the package {typeof(IProviderAdapter).Assembly.GetName().Name} and do not compile a copy of the contract into the plugin.");
    }
}
