using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// What a plugin's code uses that is known to keep plugins in memory. The runtime cannot say who holds a context, so this is a list of suspects, read from the assemblies'
/// metadata without loading them.
/// </summary>
internal static class UnloadSuspects
{
    private const string AnyMember = "*";

    private static readonly (string Type, string Member, string Says)[] Known =
    [
        ("System.Threading.Timer", AnyMember, "a System.Threading.Timer that is not disposed holds its callback"),
        ("System.Timers.Timer", AnyMember, "a System.Timers.Timer that is not disposed holds its handlers"),
        ("System.TimeProvider", "CreateTimer", "a timer of the TimeProvider that is not disposed holds its callback"),
        ("System.Threading.PeriodicTimer", AnyMember, "a loop on a PeriodicTimer runs until the timer is disposed"),
        ("System.Threading.Thread", "Start", "a thread that it started holds it until it returns"),
        ("System.Threading.ThreadPool", "RegisterWaitForSingleObject", "a registered wait holds its callback until it is unregistered"),
        ("System.Text.Json.JsonSerializer", AnyMember, "JsonSerializer with reflection caches its types for ever; source-generated contexts do not"),
        ("System.ComponentModel.TypeDescriptor", AnyMember, "TypeDescriptor caches its types for ever"),
        ("System.ComponentModel.DataAnnotations.Validator", AnyMember, "DataAnnotations caches its types for ever"),
        ("System.Xml.Serialization.XmlSerializer", AnyMember, "XmlSerializer caches its types for ever"),
        ("Microsoft.Extensions.DependencyInjection.ServiceCollectionContainerBuilderExtensions", "BuildServiceProvider", "a ServiceProvider that is not disposed holds its services"),
        ("System.AppDomain", "add_ProcessExit", "its handler of AppDomain.ProcessExit holds it until it is removed"),
        ("System.AppDomain", "add_UnhandledException", "its handler of AppDomain.UnhandledException holds it until it is removed"),
        ("System.AppDomain", "add_FirstChanceException", "its handler of AppDomain.FirstChanceException holds it until it is removed"),
        ("System.AppDomain", "add_AssemblyResolve", "its handler of AppDomain.AssemblyResolve holds it until it is removed"),
        ("System.Threading.Tasks.TaskScheduler", "add_UnobservedTaskException", "its handler of TaskScheduler.UnobservedTaskException holds it until it is removed"),
        ("System.Console", "add_CancelKeyPress", "its handler of Console.CancelKeyPress holds it until it is removed"),
        ("System.Net.NetworkInformation.NetworkChange", AnyMember, "its handlers of NetworkChange hold it until they are removed"),
        ("System.IO.FileSystemWatcher", AnyMember, "a FileSystemWatcher that is not disposed holds its handlers"),
        ("System.Diagnostics.ActivitySource", "AddActivityListener", "an ActivityListener that is not disposed holds it"),
        ("System.Diagnostics.Metrics.MeterListener", AnyMember, "a MeterListener that is not disposed holds it"),
        ("System.Diagnostics.DiagnosticListener", "get_AllListeners", "a subscription to DiagnosticListener.AllListeners that is not disposed holds it"),
        ("System.Runtime.InteropServices.GCHandle", "Alloc", "a GCHandle that is not freed holds its object"),
        ("System.Runtime.InteropServices.Marshal", "GetFunctionPointerForDelegate", "native code that was given a delegate may still call it"),
        ("System.Threading.CancellationToken", "Register", "a registration on a token that outlives it holds its callback until it is disposed"),
    ];

    /// <summary>One sentence for each suspect; one that says so when there is none.</summary>
    public static IReadOnlyList<string> Find(string folder)
    {
        HashSet<string> used = new(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories))
            Read(file, used);

        var suspects = Known.Where(suspect => used.Contains($"{suspect.Type}.{suspect.Member}")).Select(suspect => $"Its code uses {suspect.Type}: {suspect.Says}.").Distinct().ToList();
        return suspects.Count > 0
            ? suspects
            : ["Its code uses nothing that is known to hold plugins. A memory dump shows what does: 'dumpheap -type LoaderAllocator' and 'gcroot' in dotnet-dump."];
    }

    private static void Read(string file, HashSet<string> used)
    {
        try
        {
            using var image = new PEReader(File.OpenRead(file));
            if (!image.HasMetadata)
                return;

            var metadata = image.GetMetadataReader();
            foreach (var handle in metadata.MemberReferences)
            {
                var member = metadata.GetMemberReference(handle);
                if (member.Parent.Kind != HandleKind.TypeReference)
                    continue;

                var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
                var name = $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
                used.Add($"{name}.{AnyMember}");
                used.Add($"{name}.{metadata.GetString(member.Name)}");
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            // A native library, or one that is gone: it names no suspects.
        }
    }
}
