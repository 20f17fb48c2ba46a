using System.Reflection;

namespace IntegrationHub.Abstractions.Tests.PublicApi;

/// <summary>Writes types as C# does. Namespaces that everybody imports, and the assembly's own, are left out.</summary>
internal static class ApiTypeName
{
    private static readonly HashSet<string> Imported = ["System", "System.Collections.Generic", "System.IO", "System.Net.Http", "System.Text.Json", "System.Threading", "System.Threading.Tasks"];

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(bool)] = "bool", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(char)] = "char", [typeof(short)] = "short",
        [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float",
        [typeof(double)] = "double", [typeof(decimal)] = "decimal", [typeof(string)] = "string", [typeof(object)] = "object", [typeof(nint)] = "nint", [typeof(nuint)] = "nuint",
    };

    /// <param name="type">The type.</param>
    /// <param name="nullability">What is known of its nullability: <c>?</c> is written for it.</param>
    public static string Of(Type type, NullabilityInfo? nullability = null)
    {
        if (type.IsByRef)
            return Of(type.GetElementType()!, nullability);

        if (type.IsPointer)
            return Of(type.GetElementType()!) + "*";

        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Generic(underlying, nullability?.GenericTypeArguments ?? []) + "?";

        // A parameter T that could be anything always counts as nullable, annotated or not.
        var canBeAnything = type.IsGenericParameter && !type.GenericParameterAttributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint);
        var mark = nullability is { ReadState: NullabilityState.Nullable } && !type.IsValueType && !canBeAnything ? "?" : "";
        return type.IsArray
            ? $"{Of(type.GetElementType()!, nullability?.ElementType)}[{new string(',', type.GetArrayRank() - 1)}]{mark}"
            : Generic(type, nullability?.GenericTypeArguments ?? []) + mark;
    }

    /// <summary>A type with its namespace, and the names of its generic parameters: as it is declared.</summary>
    public static string Declared(Type type) => (type.IsNested ? Declared(type.DeclaringType!) + "." : type.Namespace + ".") + Simple(type) + Parameters(type);

    private static string Generic(Type type, NullabilityInfo[] arguments)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;

        if (type.IsGenericParameter)
            return type.Name;

        var own = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).ToArray();
        var offset = type.GetGenericArguments().Length - own.Length;
        var written = own.Select((argument, i) => Of(argument, offset + i < arguments.Length ? arguments[offset + i] : null));
        return Prefix(type) + Simple(type) + (own.Length == 0 ? "" : $"<{string.Join(", ", written)}>");
    }

    private static string Prefix(Type type) =>
        type.IsNested ? Of(type.DeclaringType!) + "."
        : type.Namespace is null || Imported.Contains(type.Namespace) || type.Namespace.StartsWith("IntegrationHub", StringComparison.Ordinal) ? ""
        : type.Namespace + ".";

    private static string Simple(Type type) => type.Name.Split('`')[0];

    private static string Parameters(Type type)
    {
        var own = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).Select(parameter =>
            (parameter.GenericParameterAttributes & GenericParameterAttributes.VarianceMask) switch
            {
                GenericParameterAttributes.Covariant => "out " + parameter.Name,
                GenericParameterAttributes.Contravariant => "in " + parameter.Name,
                _ => parameter.Name,
            }).ToList();
        return own.Count == 0 ? "" : $"<{string.Join(", ", own)}>";
    }
}
