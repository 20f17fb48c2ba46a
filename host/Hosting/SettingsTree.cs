using System.Collections;
using System.Reflection;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Hosting;

/// <summary>The names that settings can have, as the configuration's binder goes by them: the properties of the classes that sections are bound to, and what is below these.</summary>
internal sealed class SettingsTree
{
    private readonly Dictionary<string, SettingsTree> names = new(StringComparer.OrdinalIgnoreCase);

    private SettingsTree(SettingKind kind) => Kind = kind;

    public SettingKind Kind { get; }

    /// <summary>Of a section: what it has.</summary>
    public IReadOnlyCollection<string> Names => names.Keys;

    /// <summary>Of a list or a map: what each of its items is.</summary>
    public SettingsTree? Item { get; private init; }

    public static SettingsTree Of(IEnumerable<SettingsSection> sections)
    {
        var root = new SettingsTree(SettingKind.Section);
        foreach (var section in sections)
        {
            var at = root;
            foreach (var name in section.Path.Split(':'))
                at = at.names.TryGetValue(name, out var below) ? below : at.names[name] = new SettingsTree(SettingKind.Section);

            at.Add(section.Options);
        }

        return root;
    }

    /// <summary>What stands under the name; <see langword="null"/> when there is nothing.</summary>
    public SettingsTree? Find(string name) => Item ?? names.GetValueOrDefault(name);

    /// <summary>The name as the documentation writes it: variables come in capitals.</summary>
    public string Spell(string name) => names.Keys.FirstOrDefault(one => one.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? name;

    /// <summary>Every setting with the name, wherever it is.</summary>
    public IEnumerable<string> Everywhere(string name, string path) =>
        names.Where(pair => pair.Value.Kind != SettingKind.Section && pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => $"{path}:{pair.Key}")
            .Concat(names.SelectMany(pair => pair.Value.Everywhere(name, $"{path}:{pair.Key}")));

    private void Add(Type options)
    {
        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

            // Without a setter only what the object keeps can be filled; what is reckoned from other settings cannot.
            var isSettable = property.SetMethod is { IsPublic: true };
            if (!isSettable && (IsValue(type) || !IsKept(property)))
                continue;

            names[property.Name] = ItemOf(type) is { } item ? new SettingsTree(IsMap(type) ? SettingKind.Map : SettingKind.List) { Item = For(item) } : For(type);
        }
    }

    private static SettingsTree For(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (IsValue(type))
            return new SettingsTree(SettingKind.Value);

        var section = new SettingsTree(SettingKind.Section);
        section.Add(type);
        return section;
    }

    // Asking for converters would cost more of the start than all the rest.
    private static bool IsValue(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal) || type == typeof(TimeSpan) || type == typeof(DateTimeOffset) || type == typeof(Uri);

    private static bool IsMap(Type type) => Generic(type, typeof(IDictionary<,>), typeof(IReadOnlyDictionary<,>)) is not null;

    private static bool IsKept(PropertyInfo property) => property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance) is not null;

    private static Type? ItemOf(Type type) =>
        type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type) ? null
        : Generic(type, typeof(IDictionary<,>), typeof(IReadOnlyDictionary<,>)) is { } map ? map.GetGenericArguments()[1]
        : Generic(type, typeof(IEnumerable<>))?.GetGenericArguments()[0];

    private static Type? Generic(Type type, params Type[] wanted) =>
        type.GetInterfaces().Prepend(type).FirstOrDefault(one => one.IsGenericType && wanted.Contains(one.GetGenericTypeDefinition()));
}

internal enum SettingKind
{
    /// <summary>One text, number, time or switch.</summary>
    Value,

    /// <summary>Values or sections one after the other, by their places: <c>:0</c>, <c>:1</c>.</summary>
    List,

    /// <summary>Values or sections by names that the operator chooses.</summary>
    Map,

    /// <summary>Settings by their names.</summary>
    Section,
}
