using System.Reflection.Metadata;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>Names members as their authors know them: <c>Namespace.Type.Method(string, int)</c>, <c>Type.Property { get }</c>.</summary>
internal static class MemberWords
{
    public static string Type(string fullName)
    {
        var arity = fullName.IndexOf('`', StringComparison.Ordinal);
        return (arity < 0 ? fullName : fullName[..arity] + "<>").Replace('+', '.');
    }

    public static string Reference(MetadataReader metadata, MemberReference member, string declaringType)
    {
        var name = metadata.GetString(member.Name);
        return member.GetKind() == MemberReferenceKind.Method
            ? Method(Type(declaringType), name, member.DecodeMethodSignature(SignatureText.Readable, null))
            : $"{Type(declaringType)}.{name}";
    }

    public static string Definition(SurfaceType type, TypeMember member) =>
        member.Method.IsNil
            ? $"{Type(type.FullName)}.{member.Name}"
            : Method(Type(type.FullName), member.Name, type.Assembly.Metadata.GetMethodDefinition(member.Method).DecodeSignature(SignatureText.Readable, null));

    /// <summary>The members of that name that there are; <see langword="null"/> when there are none.</summary>
    public static string? Others(SurfaceType type, string name)
    {
        var others = type.Assembly.MembersOf(type.Handle).Named(name).Where(member => member.IsVisible).Take(3).Select(member => Definition(type, member)).ToList();
        return others.Count == 0 ? null : string.Join(" and ", others);
    }

    private static string Method(string type, string name, MethodSignature<string> signature)
    {
        var parameters = string.Join(", ", signature.ParameterTypes);
        return name switch
        {
            ".ctor" => $"new {type}({parameters})",
            _ when name.StartsWith("get_", StringComparison.Ordinal) && signature.ParameterTypes.Length == 0 => $"{type}.{name[4..]} {{ get }} of type {signature.ReturnType}",
            _ when name.StartsWith("set_", StringComparison.Ordinal) && signature.ParameterTypes.Length == 1 => $"{type}.{name[4..]} {{ set }} of type {parameters}",
            _ when signature.GenericParameterCount > 0 => $"{type}.{name}<>({parameters})",
            _ => $"{type}.{name}({parameters})",
        };
    }
}
