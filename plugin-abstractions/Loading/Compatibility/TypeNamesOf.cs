using System.Reflection.Metadata;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>The full names of types in metadata, as reflection writes them: <c>Namespace.Outer+Inner</c>.</summary>
internal static class TypeNamesOf
{
    // Metadata of a damaged file can nest in circles.
    private const int MaxNesting = 32;

    public static string Definition(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        var name = metadata.GetString(type.Name);
        for (var depth = 0; type.IsNested; depth++)
        {
            Limit(depth);
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
            name = metadata.GetString(type.Name) + "+" + name;
        }

        return WithNamespace(metadata, type.Namespace, name);
    }

    public static string Reference(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        var name = metadata.GetString(type.Name);
        for (var depth = 0; type.ResolutionScope.Kind == HandleKind.TypeReference; depth++)
        {
            Limit(depth);
            type = metadata.GetTypeReference((TypeReferenceHandle)type.ResolutionScope);
            name = metadata.GetString(type.Name) + "+" + name;
        }

        return WithNamespace(metadata, type.Namespace, name);
    }

    /// <summary>The assembly (or module) that a type, or the type it is nested in, is sought in.</summary>
    public static EntityHandle ScopeOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var scope = metadata.GetTypeReference(handle).ResolutionScope;
        for (var depth = 0; scope.Kind == HandleKind.TypeReference; depth++)
        {
            Limit(depth);
            scope = metadata.GetTypeReference((TypeReferenceHandle)scope).ResolutionScope;
        }

        return scope;
    }

    /// <summary>A type that the assembly says has moved, and where to.</summary>
    public static (string Type, string Assembly)? Forwarder(MetadataReader metadata, ExportedTypeHandle handle)
    {
        var type = metadata.GetExportedType(handle);
        var name = metadata.GetString(type.Name);
        for (var depth = 0; type.Implementation.Kind == HandleKind.ExportedType; depth++)
        {
            Limit(depth);
            type = metadata.GetExportedType((ExportedTypeHandle)type.Implementation);
            name = metadata.GetString(type.Name) + "+" + name;
        }

        return type.Implementation.Kind == HandleKind.AssemblyReference
            ? (WithNamespace(metadata, type.Namespace, name), metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.Implementation).Name))
            : null;
    }

    /// <summary>The open type of <c>List&lt;int&gt;</c>; nil for arrays, pointers and the like (ECMA-335 II.23.2.14).</summary>
    public static EntityHandle GenericTypeOf(MetadataReader metadata, TypeSpecificationHandle handle)
    {
        var signature = metadata.GetBlobReader(metadata.GetTypeSpecification(handle).Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            return default;

        signature.ReadSignatureTypeCode();
        return signature.ReadTypeHandle();
    }

    private static string WithNamespace(MetadataReader metadata, StringHandle handle, string name) =>
        handle.IsNil ? name : metadata.GetString(handle) + "." + name;

    private static void Limit(int depth)
    {
        if (depth >= MaxNesting)
            throw new BadImageFormatException("types are nested in a circle.");
    }
}
