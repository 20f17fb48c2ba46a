using System.Reflection;
using IntegrationHub.Schemas;

namespace IntegrationHub.Loading;

/// <summary>
/// Says what went wrong in a plugin's code or files, for the operator: the exception's type and message, and what to do. Never shown to callers of operations.
/// Call it on the plugin's thread, within its deadline: the message is the plugin's code, which may throw and may hang.
/// </summary>
internal static class PluginFaults
{
    public static IReadOnlyList<ValidationIssue> Explain(Exception fault, string during)
    {
        try
        {
            return ExplainUnsafe(fault, during);
        }
        catch (Exception)
        {
            return [new("/entry/type", $"The plugin threw {fault.GetType().FullName} {during}, an exception that cannot say its message.", "This is a fault in the plugin's code: report it to its publisher.")];
        }
    }

    private static IReadOnlyList<ValidationIssue> ExplainUnsafe(Exception fault, string during)
    {
        // The runtime wraps what happens in a constructor, a static constructor or while it resolves an assembly.
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
            if (cause is PluginLoadException known)
                return known.Issues;

        var root = fault;
        while (root is TargetInvocationException or TypeInitializationException or AggregateException && root.InnerException is { } inner)
            root = inner;

        return
        [
            root switch
            {
                ReflectionTypeLoadException { LoaderExceptions: var causes } => new(
                    "/entry/assembly",
                    $"Types of the assembly cannot be loaded: {string.Join(" ", causes.Select(cause => cause?.Message).Distinct().Take(3))}",
                    "An assembly that the plugin needs is missing or of another version."),
                FileNotFoundException { FileName: { } file } => new("/entry/assembly", $"'{file}' was not found {during}.", "Copy what the plugin needs into its folder."),
                FileLoadException { FileName: { } file } => new("/entry/assembly", $"'{file}' cannot be loaded {during}: {root.Message}", "It is damaged, or of another version than the plugin was built with."),
                BadImageFormatException => new("/entry/assembly", $"An assembly cannot be loaded {during}: {root.Message}", "It is damaged, a native library, or built for another processor."),
                DllNotFoundException => new("/entry/assembly", $"A native library was not found {during}: {root.Message}", "Put it into runtimes/<rid>/native below the assembly, as dotnet publish does."),
                MissingMethodException or MissingFieldException or TypeLoadException => new(
                    "/entry/assembly",
                    $"{root.GetType().Name} {during}: {root.Message}",
                    "The plugin was built against another version of an assembly than the one that is loaded. Rebuild it."),
                _ => new("/entry/type", $"The plugin threw {root.GetType().FullName} {during}: {root.Message}", "This is a fault in the plugin's code: report it to its publisher."),
            },
        ];
    }
}
