using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IntegrationHub.Contract.Tests.Authoring;

/// <summary>Writes <c>docs/plugins/manifest-reference.md</c> from the manifest's JSON schema: every object, every key.</summary>
internal sealed partial class ManifestReference
{
    private const string Home = "manifest";

    // Where a definition stands under another name than people use.
    private static readonly Dictionary<string, string> Titles = new(StringComparer.Ordinal)
    {
        [Home] = "The manifest", ["bodyObject"] = "body (as an object)", ["limitHeaders"] = "limits.headers", ["text"] = "text", ["pointers"] = "pointer(s)",
        ["sources"] = "source(s)", ["jsonSchema"] = "JSON schema", ["textTemplate"] = "text template", ["answer"] = "simulated answer", ["sample"] = "webhook sample",
    };

    private readonly JsonElement root;
    private readonly JsonElement definitions;
    private readonly StringBuilder page = new();

    private ManifestReference(JsonElement schema)
    {
        root = schema;
        definitions = schema.GetProperty("definitions");
    }

    public static string Write(string schemaText)
    {
        using var schema = JsonDocument.Parse(schemaText);
        return new ManifestReference(schema.RootElement).Write();
    }

    private string Write()
    {
        page.Append("<!-- Generated from plugin-abstractions/Manifests/manifest.v1.schema.json; HUB_UPDATE_DOCS=1 dotnet test tests/Contract.Tests writes it anew. -->\n\n");
        page.Append("# Manifest reference\n\nEvery key of `manifest.json`, version 1. How the parts work together says [the manifest](../manifest.md); templates have [a page of their own](../templates.md).\n");
        page.Append("Unknown keys are errors, except those that begin with `x-`: these are yours.\n");

        var objects = InOrder();
        page.Append("\n## Contents\n\n");
        foreach (var name in objects)
            page.Append(CultureInfo.InvariantCulture, $"- [{Title(name)}](#{Anchor(name)})\n");

        page.Append("- [kinds of values](#kinds-of-values)\n");
        foreach (var name in objects)
            WriteObject(name, name == Home ? root : definitions.GetProperty(name));

        page.Append("\n## Kinds of values\n\n| kind | written as |\n|---|---|\n");
        foreach (var definition in definitions.EnumerateObject().Where(definition => !IsObject(definition.Value)))
            page.Append(CultureInfo.InvariantCulture, $"| <a id=\"{Anchor(definition.Name)}\"></a>{Title(definition.Name)} | {Prose(Description(definition.Value))}{Limits(definition.Value)} |\n");

        return page.ToString();
    }

    /// <summary>The objects as a reader meets them: the manifest, then what it refers to, depth first.</summary>
    private List<string> InOrder()
    {
        List<string> order = [Home];
        Visit(root.GetProperty("properties"));
        return order;

        void Visit(JsonElement node)
        {
            if (node.ValueKind == JsonValueKind.Object)
            {
                if (node.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String)
                {
                    var name = NameOf(reference);
                    if (IsObject(definitions.GetProperty(name)))
                    {
                        if (order.Contains(name))
                            return;

                        order.Add(name);
                    }

                    Visit(definitions.GetProperty(name));
                }
                else
                {
                    foreach (var member in node.EnumerateObject())
                        Visit(member.Value);
                }
            }
            else if (node.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in node.EnumerateArray())
                    Visit(item);
            }
        }
    }

    private void WriteObject(string name, JsonElement schema)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(item => item.GetString()).ToHashSet() : [];
        page.Append(CultureInfo.InvariantCulture, $"\n## {Title(name)}\n\n{Prose(Description(schema))}\n\n| key | type | default | what it is |\n|---|---|---|---|\n");
        foreach (var property in schema.GetProperty("properties").EnumerateObject())
            page.Append(CultureInfo.InvariantCulture, $"| `{property.Name}`{(required.Contains(property.Name) ? " **required**" : "")} | {TypeOf(property.Value)} | {Default(property.Value)} | {Prose(Described(property.Value))}{Limits(property.Value)} |\n");

        if (schema.TryGetProperty("additionalProperties", out var others) && others.ValueKind == JsonValueKind.Object)
            page.Append(CultureInfo.InvariantCulture, $"| any other key | {TypeOf(others)} | | |\n");
    }

    private string Described(JsonElement schema)
    {
        var own = Description(schema);
        return own.Length > 0 || !schema.TryGetProperty("$ref", out var reference) ? own : Description(definitions.GetProperty(NameOf(reference)));
    }

    private string TypeOf(JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            return $"[{Title(NameOf(reference))}](#{Anchor(NameOf(reference))})";

        if (schema.TryGetProperty("anyOf", out var alternatives))
            return string.Join(" or ", alternatives.EnumerateArray().Select(TypeOf));

        if (!schema.TryGetProperty("type", out var type))
            return "any";

        if (type.ValueKind == JsonValueKind.Array)
            return string.Join(" or ", type.EnumerateArray().Select(item => item.GetString()));

        return type.GetString() switch
        {
            "array" when schema.TryGetProperty("items", out var items) => $"array of {TypeOf(items)}",
            "object" when schema.TryGetProperty("properties", out var members) => "object: " + string.Join(", ", members.EnumerateObject().Select(member => $"`{member.Name}` → {TypeOf(member.Value)}")),
            "object" when ValuesOf(schema) is { } values => $"object: name → {TypeOf(values)}",
            var name => name!,
        };
    }

    /// <summary>What an object's values are, where its keys are free.</summary>
    private static JsonElement? ValuesOf(JsonElement schema)
    {
        if (schema.TryGetProperty("additionalProperties", out var values) && values.ValueKind == JsonValueKind.Object)
            return values;

        return schema.TryGetProperty("patternProperties", out var patterns) ? patterns.EnumerateObject().Select(pattern => (JsonElement?)pattern.Value).FirstOrDefault() : null;
    }

    private static string Default(JsonElement schema) =>
        schema.TryGetProperty("default", out var value) ? $"`{(value.ValueKind == JsonValueKind.String && value.GetString() != " " ? Cell(value.GetString()!) : value.GetRawText())}`" : "";

    /// <summary>What a value is held to.</summary>
    private static string Limits(JsonElement schema)
    {
        var limits = new List<string>();
        if (schema.TryGetProperty("enum", out var values))
            limits.Add("One of " + string.Join(", ", values.EnumerateArray().Select(value => $"`{value}`")));

        Add("pattern", "Pattern");
        Add("format", "Format");
        Add("minLength", "At least this many characters:");
        Add("maxLength", "At most this many characters:");
        Add("minimum", "At least");
        Add("exclusiveMinimum", "More than");
        Add("maximum", "At most");
        Add("minItems", "At least this many items:");
        Add("minProperties", "At least this many keys:");
        if (schema.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True)
            limits.Add("No item twice");

        if (schema.TryGetProperty("patternProperties", out var patterns) && !schema.TryGetProperty("properties", out _))
            limits.Add("Keys: " + string.Join(", ", patterns.EnumerateObject().Select(pattern => $"`{Cell(pattern.Name)}`")));

        Add("x-placeholder", "Example");
        return string.Concat(limits.Select(limit => $" {limit}."));

        void Add(string keyword, string label)
        {
            // One character is no limit worth a word.
            if (schema.TryGetProperty(keyword, out var value) && !(keyword == "minLength" && value.GetInt32() == 1))
                limits.Add($"{label} `{Cell(value.ToString())}`");
        }
    }

    private static bool IsObject(JsonElement schema) => schema.TryGetProperty("properties", out _);

    private static string Description(JsonElement schema) => schema.TryGetProperty("description", out var text) ? text.GetString()! : "";

    private static string NameOf(JsonElement reference) => reference.GetString()!["#/definitions/".Length..];

    private static string Title(string name) => Titles.GetValueOrDefault(name, name);

    /// <summary>The anchor that a heading gets where Markdown is shown.</summary>
    private static string Anchor(string name) =>
        string.Concat(Title(name).ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    /// <summary>Text that stands as it is: nothing in it is Markdown.</summary>
    private static string Prose(string text) => Emphasis().Replace(Cell(text), "\\$0").Replace("<", "&lt;", StringComparison.Ordinal);

    [GeneratedRegex(@"\*|(?<!\w)_|_(?!\w)")]
    private static partial Regex Emphasis();

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
