using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests.Rules;

/// <summary>A manifest before it is known to be valid, with what several rules ask for.</summary>
internal sealed class ManifestDraft
{
    public ManifestDraft(JsonElement root)
    {
        Root = new Place(root, "");
        Config = SchemaFields.Of(Root["config"].Value);
        Operations = Root["operations"].Members().Select(member => new OperationDraft(member.Name, member.Place)).ToList();
        Hosts = new HostList(Root["network"]["allow"]);
        EnvironmentValues = Root["environments"].Members().SelectMany(environment => environment.Place.Members()).Select(member => member.Name)
            .Where(name => name != "require").Concat(["name", "baseUrl"]).Distinct().ToList();
    }

    public Place Root { get; }

    public SchemaFields Config { get; }

    public IReadOnlyList<OperationDraft> Operations { get; }

    public HostList Hosts { get; }

    /// <summary>What <c>{env.x}</c> may name.</summary>
    public IReadOnlyList<string> EnvironmentValues { get; }

    public bool HasEntry => Root["entry"].Exists;

    /// <summary>Reports a reference to a config field that is not there.</summary>
    public void CheckConfigField(string name, string pointer, ManifestFindings findings)
    {
        if (!Config.Has(name))
            findings.Error(pointer, $"There is no config field \"{name}\".", Config.Hint(name) ?? "Describe the connection's fields under \"config\".");
    }
}

/// <summary>One operation of a draft.</summary>
internal sealed class OperationDraft(string name, Place place)
{
    public string Name => name;

    public Place Place => place;

    public Place Http => place["http"];

    /// <summary>The parameters that the schema knows.</summary>
    public SchemaFields Params { get; } = SchemaFields.Of(place["params"].Value);

    public bool HasParams => place["params"].IsObject;
}

/// <summary>The property names that a schema knows, also through <c>$ref</c> and combinations.</summary>
internal sealed class SchemaFields
{
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly HashSet<string> required = new(StringComparer.Ordinal);
    private bool open;

    public IReadOnlyCollection<string> Names => names;

    public IReadOnlyCollection<string> Required => required;

    /// <summary>Whether other names are welcome: nothing is listed, or the schema says so.</summary>
    public bool Open => open || names.Count == 0;

    public static SchemaFields Of(JsonElement schema)
    {
        var fields = new SchemaFields();
        fields.Collect(schema, schema, certain: true, depth: 0);
        return fields;
    }

    /// <summary>Whether a template's path begins at a known name: the whole path (names may have dots) or its first step.</summary>
    public bool Has(string path) => names.Contains(path) || names.Contains(FirstStep(path));

    public string? Hint(string name) => Nearest.Hint(FirstStep(name), names);

    public static string FirstStep(string path) => path.IndexOf('.', StringComparison.Ordinal) is var dot and > 0 ? path[..dot] : path;

    private void Collect(JsonElement root, JsonElement schema, bool certain, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > 16)
            return;

        if (schema.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String && reference.GetString() is ['#', .. var pointer]
            && PointerText.TryParse(Uri.UnescapeDataString(pointer), out var tokens) && PointerText.TryFind(root, tokens, out var target))
            Collect(root, target, certain, depth + 1);

        if (schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
            foreach (var property in properties.EnumerateObject())
                names.Add(property.Name);

        if (certain && schema.TryGetProperty("required", out var list) && list.ValueKind == JsonValueKind.Array)
            required.UnionWith(list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!));

        open |= schema.TryGetProperty("patternProperties", out _)
            || (schema.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind is JsonValueKind.True or JsonValueKind.Object);
        foreach (var keyword in (string[])["allOf", "anyOf", "oneOf"])
            if (schema.TryGetProperty(keyword, out var parts) && parts.ValueKind == JsonValueKind.Array)
                foreach (var part in parts.EnumerateArray())
                    Collect(root, part, certain && keyword == "allOf", depth + 1);
    }
}
