using System.Reflection;
using System.Runtime.Loader;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Loading;

/// <summary>
/// The assemblies whose types cross the boundary between host and plugin. They always come from the host, even when the plugin's folder has a copy:
/// a second copy would have the same names but be different types.
/// </summary>
internal static class SharedAssemblies
{
    public static readonly IReadOnlySet<string> Names = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        typeof(Adapters.IProviderAdapter).Assembly.GetName().Name!,
        typeof(ILoggerFactory).Assembly.GetName().Name!, // ProviderContext.Loggers
        typeof(IServiceCollection).Assembly.GetName().Name!, // stands in the signatures of the logging assembly (ILoggingBuilder.Services)
        typeof(System.Text.Json.JsonElement).Assembly.GetName().Name!, // parameters and results
    };

    // Where the assemblies of the framework are, as opposed to those of the host and its packages.
    private static readonly string FrameworkFolder = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "";
    private static readonly string AspNetFolder = Path.GetDirectoryName(typeof(WebApplication).Assembly.Location) ?? "";
    private static readonly bool SelfContained = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory) == FrameworkFolder;

    /// <summary>The host's copy of a shared assembly.</summary>
    /// <exception cref="PluginLoadException">The plugin was built against a newer one.</exception>
    public static Assembly Load(AssemblyName wanted)
    {
        var shared = AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(wanted.Name!));
        var has = shared.GetName().Version;
        if (wanted.Version > has)
        {
            throw new PluginLoadException(
                "/entry/assembly",
                $"The plugin was built against {wanted.Name} {wanted.Version}, and this hub has {has}. The assembly is shared with the host, so the plugin cannot bring its own.",
                $"Install a newer hub, or build the plugin against {wanted.Name} {has} or older.");
        }

        return shared;
    }

    /// <summary>Whether a plugin may use the host's copy without having its own: only of the .NET and ASP.NET Core frameworks, never of the host's packages.</summary>
    public static bool IsFramework(AssemblyName name)
    {
        var file = name.Name + ".dll";
        if (!SelfContained)
            return File.Exists(Path.Combine(FrameworkFolder, file)) || File.Exists(Path.Combine(AspNetFolder, file));

        // Published self-contained, framework and packages lie in one folder and only names tell them apart.
        return name.Name is "System" or "mscorlib" or "netstandard" or "WindowsBase" or "Microsoft.CSharp" or "Microsoft.VisualBasic"
            || name.Name!.StartsWith("System.", StringComparison.Ordinal)
            || name.Name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal)
            || name.Name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
            || name.Name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal);
    }
}
