using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace IntegrationHub.Abstractions.Tests.PublicApi;

/// <summary>Writes members as C# declares them, with nullability and default values. What derived classes see counts as public.</summary>
internal static class ApiMember
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Type type)
    {
        var context = new NullabilityInfoContext();
        if (type.IsEnum)
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{field.Name} = {Value(field.GetRawConstantValue())}");

        return Sorted(type.GetFields(Own).Where(field => IsSeen(field.Attributes) && !IsGenerated(field)), field => Field(field, context))
            .Concat(Sorted(type.GetConstructors(Own).Where(constructor => IsSeen(constructor) && !IsCopy(constructor)), constructor => Constructor(constructor, context)))
            .Concat(Sorted(type.GetProperties(Own).Where(property => property.GetAccessors(true).Any(IsSeen) && !IsGenerated(property.GetAccessors(true)[0], property)), property => Property(property, context)))
            .Concat(Sorted(type.GetEvents(Own).Where(e => IsSeen(e.AddMethod!)), e => $"{Obsolete(e)}{Modifiers(e.AddMethod!)}event {ApiTypeName.Of(e.EventHandlerType!, context.Create(e))} {e.Name}"))
            .Concat(Sorted(type.GetMethods(Own).Where(method => IsSeen(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute)) && IsWritten(method)), method => Method(method, context)));
    }

    private static IEnumerable<string> Sorted<T>(IEnumerable<T> members, Func<T, string> write)
        where T : MemberInfo =>
        members.Select(member => (member.Name, Text: write(member))).OrderBy(member => member.Name, StringComparer.Ordinal).ThenBy(member => member.Text, StringComparer.Ordinal).Select(member => member.Text);

    public static string Method(MethodInfo method, NullabilityInfoContext context)
    {
        var generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        var result = (method.ReturnType.IsByRef ? "ref " : "") + ApiTypeName.Of(method.ReturnType, context.Create(method.ReturnParameter));
        var name = method is { IsSpecialName: true } && method.Name.StartsWith("op_", StringComparison.Ordinal) ? "operator " + method.Name[3..] : method.Name;
        var isExtension = method.IsDefined(typeof(ExtensionAttribute));
        return $"{Obsolete(method)}{Modifiers(method)}{result} {name}{generic}({(isExtension ? "this " : "")}{Parameters(method.GetParameters(), context)}){ApiConstraints.Of(method.IsGenericMethodDefinition ? method.GetGenericArguments() : [])}";
    }

    public static string Parameters(ParameterInfo[] parameters, NullabilityInfoContext context) => string.Join(", ", parameters.Select(parameter => Parameter(parameter, context)));

    // On constructors of types with required members the compiler puts a mark of its own, against compilers that do not know those.
    public static string Obsolete(MemberInfo member) =>
        member.IsDefined(typeof(ObsoleteAttribute)) && !member.IsDefined(typeof(CompilerFeatureRequiredAttribute)) ? "[Obsolete] " : "";

    private static string Field(FieldInfo field, NullabilityInfoContext context)
    {
        var modifiers = (field.IsPublic ? "public " : "protected ") + (field.IsLiteral ? "const " : field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "") + Required(field);
        return $"{Obsolete(field)}{modifiers}{ApiTypeName.Of(field.FieldType, context.Create(field))} {field.Name}{(field.IsLiteral ? " = " + Value(field.GetRawConstantValue()) : "")}";
    }

    private static string Constructor(ConstructorInfo constructor, NullabilityInfoContext context) =>
        $"{Obsolete(constructor)}{(constructor.IsPublic ? "public" : "protected")} {constructor.DeclaringType!.Name.Split('`')[0]}({Parameters(constructor.GetParameters(), context)})";

    private static string Property(PropertyInfo property, NullabilityInfoContext context)
    {
        var first = property.GetAccessors(true).Where(IsSeen).OrderByDescending(accessor => accessor.IsPublic).First();
        var index = property.GetIndexParameters();
        var name = index.Length > 0 ? $"this[{Parameters(index, context)}]" : property.Name;
        return $"{Obsolete(property)}{Modifiers(first)}{Required(property)}{ApiTypeName.Of(property.PropertyType, context.Create(property))} {name} {{ {Accessor(property.GetMethod, "get", first)}{Accessor(property.SetMethod, IsInit(property.SetMethod) ? "init" : "set", first)}}}";
    }

    private static string Accessor(MethodInfo? accessor, string word, MethodInfo first) =>
        accessor is null || !IsSeen(accessor) ? "" : (accessor.IsPublic == first.IsPublic ? "" : "protected ") + word + "; ";

    private static bool IsInit(MethodInfo? setter) => setter?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;

    private static string Required(MemberInfo member) => member.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";

    private static string Parameter(ParameterInfo parameter, NullabilityInfoContext context)
    {
        var way = parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params "
            : !parameter.ParameterType.IsByRef ? ""
            : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        var otherwise = !parameter.HasDefaultValue ? "" : " = " + (parameter.RawDefaultValue is null && parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : Value(parameter.RawDefaultValue));
        return $"{way}{ApiTypeName.Of(parameter.ParameterType, context.Create(parameter))} {parameter.Name}{otherwise}";
    }

    private static string Modifiers(MethodInfo method)
    {
        var type = method.DeclaringType!;
        if (type.IsInterface)
            return method.IsStatic ? method.IsAbstract ? "static abstract " : "static " : method.IsAbstract ? "" : "virtual ";

        var access = method.IsPublic ? "public " : "protected ";
        if (method.IsStatic)
            return access + "static ";

        if (method.GetBaseDefinition() != method)
            return access + (method.IsFinal ? "sealed " : "") + (method.IsAbstract ? "abstract " : "") + "override ";

        return access + (method.IsAbstract ? "abstract " : method is { IsVirtual: true, IsFinal: false } && !type.IsSealed ? "virtual " : "");
    }

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsSeen(FieldAttributes attributes) => (attributes & FieldAttributes.FieldAccessMask) is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem;

    // The accessors of an automatic property are marked as generated; what a record adds by itself is the property EqualityContract.
    private static bool IsGenerated(MethodInfo accessor, PropertyInfo property) => property.Name == "EqualityContract" && accessor.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsGenerated(FieldInfo field) => field.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsCopy(ConstructorInfo constructor) =>
        constructor.IsDefined(typeof(CompilerGeneratedAttribute)) && constructor.GetParameters() is [var only] && only.ParameterType == constructor.DeclaringType;

    private static bool IsWritten(MethodInfo method) =>
        !method.Name.StartsWith('<') && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal));

    private static string Value(object? value) => value switch
    {
        null => "null",
        string text => "\"" + text.Replace("\n", "\\n", StringComparison.Ordinal) + "\"",
        char letter => $"'{letter}'",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
