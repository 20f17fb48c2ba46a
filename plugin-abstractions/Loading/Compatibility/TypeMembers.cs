using System.Reflection;
using System.Reflection.Metadata;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>A method or field. Two have the same signature exactly when the runtime binds a reference to the one to the other.</summary>
internal readonly record struct TypeMember(string Name, string Signature, bool IsVisible, bool IsAbstract, MethodDefinitionHandle Method);

/// <summary>The members that a type declares itself. Immutable.</summary>
internal sealed class TypeMembers
{
    private readonly ILookup<string, TypeMember> byName;

    private TypeMembers(List<TypeMember> members)
    {
        All = members;
        byName = members.ToLookup(member => member.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<TypeMember> All { get; }

    public IEnumerable<TypeMember> Named(string name) => byName[name];

    public bool Has(string name, string signature, bool visibleOnly) =>
        byName[name].Any(member => member.Signature == signature && (member.IsVisible || !visibleOnly));

    public static TypeMembers Read(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        List<TypeMember> found = [];
        var type = metadata.GetTypeDefinition(handle);
        foreach (var methodHandle in type.GetMethods())
        {
            var method = metadata.GetMethodDefinition(methodHandle);
            var access = method.Attributes & MethodAttributes.MemberAccessMask;
            found.Add(new(
                metadata.GetString(method.Name),
                SignatureText.Exact.Method(method.DecodeSignature(SignatureText.Exact, null)),
                access is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem,
                method.Attributes.HasFlag(MethodAttributes.Abstract),
                methodHandle));
        }

        foreach (var fieldHandle in type.GetFields())
        {
            var field = metadata.GetFieldDefinition(fieldHandle);
            var access = field.Attributes & FieldAttributes.FieldAccessMask;
            found.Add(new(
                metadata.GetString(field.Name),
                field.DecodeSignature(SignatureText.Exact, null),
                access is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem,
                false,
                default));
        }

        return new TypeMembers(found);
    }
}
