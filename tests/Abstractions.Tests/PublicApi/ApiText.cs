using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace IntegrationHub.Abstractions.Tests.PublicApi;

/// <summary>The public surface of an assembly as text: the same for the same surface, one line a type or member, close to C#.</summary>
internal static class ApiText
{
    private const string Indent = "    ";

    public static string Render(Assembly assembly)
    {
        var name = assembly.GetName();
        return Render($"{name.Name} {name.Version!.ToString(2)}", assembly.GetExportedTypes());
    }

    public static string Render(string title, IEnumerable<Type> types)
    {
        var text = new StringBuilder().Append("# ").Append(title).Append('\n');
        foreach (var type in types.OrderBy(ApiTypeName.Declared, StringComparer.Ordinal))
        {
            text.Append('\n').Append(Header(type)).Append('\n');
            if (!IsDelegate(type))
                foreach (var member in ApiMember.Of(type))
                    text.Append(Indent).Append(member).Append('\n');
        }

        return text.ToString();
    }

    private static bool IsDelegate(Type type) => type.IsSubclassOf(typeof(Delegate));

    private static string Header(Type type)
    {
        var access = type.IsNestedFamily || type.IsNestedFamORAssem ? "protected " : "public ";
        var flags = type.IsDefined(typeof(FlagsAttribute)) ? "[Flags] " : "";
        var before = ApiMember.Obsolete(type) + flags + access;
        var constraints = ApiConstraints.Of(type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).ToArray());
        if (IsDelegate(type))
        {
            var context = new NullabilityInfoContext();
            var invoke = type.GetMethod("Invoke")!;
            return $"{before}delegate {ApiTypeName.Of(invoke.ReturnType, context.Create(invoke.ReturnParameter))} {ApiTypeName.Declared(type)}({ApiMember.Parameters(invoke.GetParameters(), context)}){constraints}";
        }

        return before + Kind(type) + ApiTypeName.Declared(type) + Bases(type) + constraints;
    }

    private static string Kind(Type type)
    {
        if (type.IsEnum)
            return "enum ";

        if (type.IsInterface)
            return "interface ";

        if (type.IsValueType)
        {
            var isRecord = type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is { } print && print.IsDefined(typeof(CompilerGeneratedAttribute));
            return (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (type.IsByRefLike ? "ref " : "") + (isRecord ? "record struct " : "struct ");
        }

        var modifier = type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return modifier + (type.GetMethod("<Clone>$") is null ? "class " : "record ");
    }

    private static string Bases(Type type)
    {
        if (type.IsEnum)
            return Enum.GetUnderlyingType(type) == typeof(int) ? "" : " : " + ApiTypeName.Of(Enum.GetUnderlyingType(type));

        List<string> bases = [];
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            bases.Add(ApiTypeName.Of(parent));

        // Those that come with another one need not be said; nor that records compare by value.
        var all = type.GetInterfaces();
        var implied = all.SelectMany(one => one.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []).ToHashSet();
        bases.AddRange(all.Where(one => one.IsVisible && !implied.Contains(one) && !IsOwnEquality(one, type)).Select(one => ApiTypeName.Of(one)).Order(StringComparer.Ordinal));
        return bases.Count == 0 ? "" : " : " + string.Join(", ", bases);
    }

    private static bool IsOwnEquality(Type candidate, Type type) => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IEquatable<>) && candidate.GetGenericArguments()[0] == type;
}
