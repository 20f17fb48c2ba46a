using System.Reflection;
using System.Reflection.Metadata;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>The class that the manifest names is there, can be created by the host, and is an adapter by the host's own interface.</summary>
internal static class EntryTypeRule
{
    private static readonly string AdapterName = typeof(IProviderAdapter).FullName!;

    public static void Check(AssemblySurface assembly, EntryManifest entry, CompatibilityFindings findings)
    {
        if (assembly.FindType(entry.Type) is not { } type)
        {
            ReportMissing(assembly, entry, findings);
            return;
        }

        if (!type.IsVisible || !IsPublic(type))
            Report($"'{type.FullName}' is not public.", "Make the class public.");

        if (!IsConcreteClass(type))
            Report($"'{type.FullName}' cannot be created: it is abstract, generic, or no class.", "Name a concrete class.");
        else if (!HasConstructor(type))
            Report($"'{type.FullName}' has no public constructor without parameters.", "Take what you need from the ProviderContext in InitializeAsync.");

        CheckInterface(type, Report);

        void Report(string message, string hint) => findings.Error(CompatibilityFindings.TypePointer, message, hint);
    }

    private static void ReportMissing(AssemblySurface assembly, EntryManifest entry, CompatibilityFindings findings)
    {
        var simpleName = entry.Type.Split('.', '+')[^1];
        var near = assembly.TypeNames.FirstOrDefault(name => string.Equals(name[(name.LastIndexOfAny(['.', '+']) + 1)..], simpleName, StringComparison.OrdinalIgnoreCase));
        findings.Error(
            CompatibilityFindings.TypePointer,
            $"'{entry.Assembly}' has no class '{entry.Type}'.",
            near is null ? "Write the full name, with its namespace." : $"Did you mean '{near}'?");
    }

    // Protected is visible to derived classes, and still nothing that the host can create.
    private static bool IsPublic(SurfaceType type)
    {
        for (var at = type.Definition; ; at = type.Assembly.Metadata.GetTypeDefinition(at.GetDeclaringType()))
        {
            if ((at.Attributes & TypeAttributes.VisibilityMask) is not (TypeAttributes.Public or TypeAttributes.NestedPublic))
                return false;

            if (!at.IsNested)
                return true;
        }
    }

    private static bool IsConcreteClass(SurfaceType type)
    {
        var definition = type.Definition;
        return (definition.Attributes & (TypeAttributes.Interface | TypeAttributes.Abstract)) == 0
            && definition.GetGenericParameters().Count == 0
            && !(definition.BaseType is { IsNil: false, Kind: HandleKind.TypeReference } parent
                && TypeNamesOf.Reference(type.Assembly.Metadata, (TypeReferenceHandle)parent) is "System.ValueType" or "System.Enum");
    }

    private static bool HasConstructor(SurfaceType type)
    {
        foreach (var handle in type.Definition.GetMethods())
        {
            var method = type.Assembly.Metadata.GetMethodDefinition(handle);
            if ((method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public
                && type.Assembly.Metadata.StringComparer.Equals(method.Name, ".ctor")
                && method.DecodeSignature(SignatureText.Exact, null).ParameterTypes.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    private static void CheckInterface(SurfaceType type, Action<string, string> report)
    {
        var adapter = HostAssemblies.Instance.Contract.FindType(AdapterName);
        var interfaces = InterfacesOf(type, out var isComplete);
        if (interfaces.Contains(adapter!.Value))
            return;

        var lookalike = interfaces.FirstOrDefault(candidate => candidate.FullName == AdapterName);
        if (lookalike.Assembly is not null)
        {
            report(
                $"'{type.FullName}' implements a private copy of {AdapterName}, from {lookalike.Assembly.Name}, not the host's. .NET treats the two as different types.",
                $"Reference the package {SharedAssemblies.ContractName} and do not compile a copy of the contract into the plugin.");
        }
        else if (isComplete)
        {
            report($"'{type.FullName}' does not implement {AdapterName}.", "Implement the interface, or name the class that does.");
        }
    }

    // Incomplete when a base class or an interface is of an assembly that is missing, which is said elsewhere.
    private static HashSet<SurfaceType> InterfacesOf(SurfaceType type, out bool isComplete)
    {
        HashSet<SurfaceType> seen = [];
        Queue<SurfaceType> open = new([type]);
        isComplete = true;
        while (open.TryDequeue(out var at))
        {
            if (!seen.Add(at))
                continue;

            var definition = at.Definition;
            if (!definition.BaseType.IsNil)
                Follow(at, definition.BaseType, ref isComplete);

            foreach (var handle in definition.GetInterfaceImplementations())
                Follow(at, at.Assembly.Metadata.GetInterfaceImplementation(handle).Interface, ref isComplete);
        }

        return seen;

        void Follow(SurfaceType from, EntityHandle reference, ref bool complete)
        {
            if (from.Follow(reference) is { } next)
                open.Enqueue(next);
            else
                complete = false;
        }
    }
}
