using System.Collections.Immutable;
using System.Globalization;
using System.Reflection.Metadata;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>Writes signatures as text: exactly, to compare them, or in words close to C#, to show them. Immutable.</summary>
/// <remarks>Assemblies are left out of exact signatures: one type is reached through different facades (System.Runtime, netstandard) and stays the same type.</remarks>
internal sealed class SignatureText : ISignatureTypeProvider<string, object?>
{
    private readonly bool readable;

    private SignatureText(bool readable) => this.readable = readable;

    public static SignatureText Exact { get; } = new(readable: false);

    public static SignatureText Readable { get; } = new(readable: true);

    public string Method(MethodSignature<string> signature) =>
        $"{(signature.Header.IsInstance ? "instance" : "static")} {signature.Header.CallingConvention} `{signature.GenericParameterCount} {signature.ReturnType} ({string.Join(", ", signature.ParameterTypes)})";

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => !readable ? "System." + typeCode : typeCode switch
    {
        PrimitiveTypeCode.Boolean => "bool",
        PrimitiveTypeCode.Byte => "byte",
        PrimitiveTypeCode.Char => "char",
        PrimitiveTypeCode.Double => "double",
        PrimitiveTypeCode.Int16 => "short",
        PrimitiveTypeCode.Int32 => "int",
        PrimitiveTypeCode.Int64 => "long",
        PrimitiveTypeCode.Object => "object",
        PrimitiveTypeCode.SByte => "sbyte",
        PrimitiveTypeCode.Single => "float",
        PrimitiveTypeCode.String => "string",
        PrimitiveTypeCode.UInt16 => "ushort",
        PrimitiveTypeCode.UInt32 => "uint",
        PrimitiveTypeCode.UInt64 => "ulong",
        PrimitiveTypeCode.Void => "void",
        _ => typeCode.ToString(),
    };

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Name(TypeNamesOf.Definition(reader, handle));

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Name(TypeNamesOf.Reference(reader, handle));

    public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
        readable && genericType == "Nullable" && typeArguments.Length == 1 ? typeArguments[0] + "?" : $"{genericType}<{string.Join(", ", typeArguments)}>";

    public string GetGenericTypeParameter(object? genericContext, int index) => (readable ? "T" : "!") + Number(index);

    public string GetGenericMethodParameter(object? genericContext, int index) => (readable ? "T" : "!!") + Number(index);

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetArrayType(string elementType, ArrayShape shape) =>
        readable ? $"{elementType}[{new string(',', shape.Rank - 1)}]" : $"{elementType}[{shape.Rank};{string.Join(",", shape.LowerBounds)};{string.Join(",", shape.Sizes)}]";

    public string GetByReferenceType(string elementType) => readable ? "ref " + elementType : elementType + "&";

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPinnedType(string elementType) => elementType;

    public string GetFunctionPointerType(MethodSignature<string> signature) => $"delegate*({Method(signature)})";

    // An init accessor differs from a set accessor by such a modifier alone, and the runtime tells them apart.
    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) =>
        readable ? unmodifiedType : $"{unmodifiedType} {(isRequired ? "modreq" : "modopt")}({modifier})";

    private string Name(string fullName)
    {
        if (!readable)
            return fullName;

        var name = fullName[(fullName.LastIndexOfAny(['.', '+']) + 1)..];
        var arity = name.IndexOf('`', StringComparison.Ordinal);
        return arity < 0 ? name : name[..arity];
    }

    private static string Number(int index) => index.ToString(CultureInfo.InvariantCulture);
}
