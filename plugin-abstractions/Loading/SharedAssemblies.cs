using System.Reflection;
using System.Runtime.Loader;
using IntegrationHub.Schemas;
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
    /// <summary>The contract's own assembly, whose version is the contract's.</summary>
    public static readonly string ContractName = typeof(Adapters.IProviderAdapter).Assembly.GetName().Name!;

    public static readonly IReadOnlySet<string> Names = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        ContractName,
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
        return WhyUnfit(wanted.Name!, wanted.Version, shared.GetName().Version!, "The plugin") is { } unfit ? throw new PluginLoadException(unfit) : shared;
    }

    /// <summary>Whether the host's copy can stand for the one that a plugin was built against.</summary>
    /// <param name="name">The assembly.</param>
    /// <param name="wanted">What the plugin was built against.</param>
    /// <param name="has">The host's.</param>
    /// <param name="who">Who wants it, as a sentence begins.</param>
    /// <returns><see langword="null"/> when it can.</returns>
    public static ValidationIssue? WhyUnfit(string name, Version? wanted, Version has, string who)
    {
        if (wanted is null || (IsComparable(name, wanted, has) && (IsContract(name) ? wanted.Minor <= has.Minor : wanted <= has)))
            return null;

        var (theirs, ours) = IsContract(name) ? ($"{wanted.Major}.{wanted.Minor}", $"{has.Major}.{has.Minor}") : (wanted.ToString(), has.ToString());
        return new(
            "/entry/assembly",
            $"{who} was built against {name} {wanted}, and this hub has {has}. The assembly is shared with the host, so the plugin cannot bring its own.",
            IsContract(name) && wanted.Major < has.Major
                ? $"Contract {has.Major} is not compatible with {wanted.Major}: take a version of the plugin made for contract {has.Major}, or rebuild it against {name} {ours}."
                : $"Install a newer hub, with {name} {theirs}, or build the plugin against {name} {ours} or older.");
    }

    /// <summary>Whether the two versions have so much in common that single members are worth comparing: of the contract, the same major version (SemVer 2.0, rule 8).</summary>
    public static bool IsComparable(string name, Version wanted, Version has) => !IsContract(name) || wanted.Major == has.Major;

    /// <summary>The file of an assembly that plugins get from the host; <see langword="null"/> when they do not get it.</summary>
    public static string? FileOf(string name)
    {
        if (Names.Contains(name))
            return AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(name)).Location;

        if (!IsFramework(new AssemblyName { Name = name }))
            return null;

        var files = new[] { Path.Combine(FrameworkFolder, name + ".dll"), Path.Combine(AspNetFolder, name + ".dll") };
        return Array.Find(files, File.Exists);
    }

    private static bool IsContract(string name) => string.Equals(name, ContractName, StringComparison.OrdinalIgnoreCase);

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
