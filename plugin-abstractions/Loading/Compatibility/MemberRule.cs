using System.Reflection;
using System.Reflection.Metadata;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>Every type, method and field that a plugin uses of the shared assemblies is there, with the same signature.</summary>
internal sealed class MemberRule(AssemblySurface assembly, string who, bool isEntry, Dictionary<AssemblyReferenceHandle, ComparedAssembly> compared, CompatibilityFindings findings)
{
    // Whoever lacks this much is built against something else altogether; more would hide what else is wrong.
    private const int Shown = 20;

    private readonly MetadataReader metadata = assembly.Metadata;
    private readonly Dictionary<TypeReferenceHandle, (SurfaceType Type, ComparedAssembly Target)> found = [];
    private int missing;
    private ComparedAssembly? lastTarget;

    public void Check()
    {
        if (compared.Count == 0)
            return;

        foreach (var handle in metadata.TypeReferences)
            CheckType(handle);

        foreach (var handle in metadata.MemberReferences)
            CheckMember(metadata.GetMemberReference(handle));

        foreach (var handle in metadata.TypeDefinitions)
            CheckOwnType(handle);

        if (missing > Shown)
            Report(lastTarget!, $"{who} needs {missing - Shown} more things that {lastTarget!.Offer} does not have.", lastTarget.Hint);
    }

    private void CheckType(TypeReferenceHandle handle)
    {
        if (TypeNamesOf.ScopeOf(metadata, handle) is not { Kind: HandleKind.AssemblyReference } scope || !compared.TryGetValue((AssemblyReferenceHandle)scope, out var target))
            return;

        var name = TypeNamesOf.Reference(metadata, handle);
        if (target.Surface.FindType(name) is { } type && (!target.FromHost || type.IsVisible))
            found.Add(handle, (type, target));
        else
            ReportMissing(target, MemberWords.Type(name), null);
    }

    private void CheckMember(MemberReference member)
    {
        var parent = member.Parent.Kind == HandleKind.TypeSpecification ? TypeNamesOf.GenericTypeOf(metadata, (TypeSpecificationHandle)member.Parent) : member.Parent;
        if (parent.Kind != HandleKind.TypeReference || !found.TryGetValue((TypeReferenceHandle)parent, out var declared))
            return;

        var name = metadata.GetString(member.Name);
        var signature = member.GetKind() == MemberReferenceKind.Method
            ? SignatureText.Exact.Method(member.DecodeMethodSignature(SignatureText.Exact, null))
            : member.DecodeFieldSignature(SignatureText.Exact, null);
        if (!Has(declared.Type, name, signature, declared.Target.FromHost))
            ReportMissing(declared.Target, MemberWords.Reference(metadata, member, declared.Type.FullName), MemberWords.Others(declared.Type, name));
    }

    private void CheckOwnType(TypeDefinitionHandle handle)
    {
        var type = new SurfaceType(assembly, handle);
        var definition = type.Definition;
        if (definition.BaseType is { IsNil: false, Kind: HandleKind.TypeReference } parent
            && found.TryGetValue((TypeReferenceHandle)parent, out var baseType)
            && baseType.Type.Definition.Attributes.HasFlag(TypeAttributes.Sealed))
        {
            Report(baseType.Target, $"'{type.FullName}' derives from {baseType.Type.FullName}, which is sealed in {baseType.Target.Offer}.", baseType.Target.Hint);
        }

        if ((definition.Attributes & (TypeAttributes.Abstract | TypeAttributes.Interface)) != 0)
            return;

        foreach (var implementation in definition.GetInterfaceImplementations())
        {
            var contract = metadata.GetInterfaceImplementation(implementation).Interface;
            if (contract.Kind == HandleKind.TypeReference && found.TryGetValue((TypeReferenceHandle)contract, out var required))
                CheckImplements(type, required.Type, required.Target);
        }
    }

    private void CheckImplements(SurfaceType type, SurfaceType contract, ComparedAssembly target)
    {
        HashSet<(string, string)>? explicitly = null;
        foreach (var member in contract.Assembly.MembersOf(contract.Handle).All)
        {
            if (!member.IsAbstract || Has(type, member.Name, member.Signature, visibleOnly: true))
                continue;

            explicitly ??= Explicit(type, contract.FullName);
            if (!explicitly.Contains((member.Name, member.Signature)))
                Report(
                    target,
                    $"'{type.FullName}' does not implement {MemberWords.Definition(contract, member)}, which {target.Offer} requires.",
                    "It was built against another version of the interface: implement the member and rebuild it.");
        }
    }

    // Void IFoo.Bar() { }: the table of such implementations names the member that is meant. Base classes of the same assembly count.
    private static HashSet<(string, string)> Explicit(SurfaceType type, string contract)
    {
        HashSet<(string, string)> implemented = [];
        for (SurfaceType? at = type; at is { } current && current.Assembly == type.Assembly; at = current.Follow(current.Definition.BaseType))
        {
            var reader = current.Assembly.Metadata;
            foreach (var handle in current.Definition.GetMethodImplementations())
            {
                if (reader.GetMethodImplementation(handle).MethodDeclaration is not { Kind: HandleKind.MemberReference } declaration)
                    continue;

                var member = reader.GetMemberReference((MemberReferenceHandle)declaration);
                if (member.Parent.Kind == HandleKind.TypeReference && TypeNamesOf.Reference(reader, (TypeReferenceHandle)member.Parent) == contract)
                    implemented.Add((reader.GetString(member.Name), SignatureText.Exact.Method(member.DecodeMethodSignature(SignatureText.Exact, null))));
            }
        }

        return implemented;
    }

    // Inherited members are bound too, but constructors are not. A base class that is unknown or generic may have it: then nothing is proven.
    private static bool Has(SurfaceType type, string name, string signature, bool visibleOnly)
    {
        SurfaceType? at = type;
        for (var depth = 0; depth < 64 && at is { } current; depth++)
        {
            if (current.Assembly.MembersOf(current.Handle).Has(name, signature, visibleOnly))
                return true;

            var parent = current.Definition.BaseType;
            if (parent.IsNil || name == ".ctor")
                return false;

            if (parent.Kind == HandleKind.TypeSpecification)
                return true;

            at = current.Follow(parent);
        }

        return true;
    }

    private void ReportMissing(ComparedAssembly target, string what, string? others)
    {
        lastTarget = target;
        if (++missing <= Shown)
            Report(target, $"{who} needs {what}, which {target.Offer} does not have{(others is null ? "" : $"; it has {others}")}.", target.Hint);
    }

    private void Report(ComparedAssembly target, string message, string hint)
    {
        if (target.FromHost || isEntry)
            findings.Error(CompatibilityFindings.AssemblyPointer, message, hint);
        else
            findings.Warning(CompatibilityFindings.AssemblyPointer, message, hint);
    }
}
