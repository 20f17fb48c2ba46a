using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>Reads a schema document into nodes and says everything that is wrong with it. Nothing outside the document is ever looked at.</summary>
internal sealed partial class SchemaCompiler
{
    private const int DeepestNesting = 200;

    /// <summary>Each level is two of JSON, of which Newtonsoft reads 64.</summary>
    private const int DeepestPlain = 24;
    private readonly JsonElement root;
    private readonly Dictionary<(string Pointer, bool Secret), SchemaNode> known = [];
    private readonly List<SchemaNode> nodes = [];
    private readonly List<ValidationIssue> issues = [];
    private bool plain = true;

    private SchemaCompiler(JsonElement root) => this.root = root;

    /// <summary>What was read of a schema document.</summary>
    /// <param name="Nodes">Its nodes, the first being the whole.</param>
    /// <param name="Issues">What is wrong with it; a usable schema has none.</param>
    /// <param name="IsPlain">Whether NJsonSchema reads it for certain: it is not nested so deeply, and has no name so twice, that NJsonSchema could refuse.</param>
    public sealed record Result(IReadOnlyList<SchemaNode> Nodes, IReadOnlyList<ValidationIssue> Issues, bool IsPlain);

    public static Result Read(JsonElement root)
    {
        var compiler = new SchemaCompiler(root);
        var first = compiler.Node(root, "", secret: false, depth: 0);
        first.Shared = true;
        compiler.CheckDefinitions();
        if (compiler.issues.Count == 0)
            compiler.CheckRecursion();

        return new Result(compiler.nodes, compiler.issues.Distinct().ToList(), compiler.plain);
    }

    private SchemaNode Node(JsonElement source, string pointer, bool secret, int depth)
    {
        secret |= source.ValueKind == JsonValueKind.Object && source.TryGetProperty("x-secret", out var flag) && flag.ValueKind == JsonValueKind.True;
        if (known.TryGetValue((pointer, secret), out var node))
            return node;

        node = new SchemaNode(nodes.Count, source, pointer, secret);
        known.Add((pointer, secret), node);
        nodes.Add(node);
        plain &= depth <= DeepestPlain;
        if (depth > DeepestNesting)
            Report(pointer, "The schema is nested too deeply.", "Flatten it.");
        else if (source.ValueKind == JsonValueKind.Object)
            Fill(node, depth);
        else if (source.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            Report(pointer, "A schema is an object or a boolean.", null);

        return node;
    }

    private void Fill(SchemaNode node, int depth)
    {
        var schema = node.Source;
        CheckKeywords(node);
        if (schema.TryGetProperty("default", out var preset))
            node.Default = preset;

        if (schema.TryGetProperty("$ref", out var reference))
        {
            node.Reference = Resolve(node, reference, depth);
            return;
        }

        CheckTypes(node);
        ReadObject(node, depth);
        ReadArray(node, depth);
        ReadCombinations(node, "allOf", node.AllOf, depth);
        ReadCombinations(node, "anyOf", node.AnyOf, depth);
        ReadCombinations(node, "oneOf", node.OneOf, depth);
        if (schema.TryGetProperty("not", out var not))
            node.Not = Child(node, not, "not", depth);

        node.Assertions = ReadAssertions(node);
    }

    private SchemaNode Child(SchemaNode parent, JsonElement source, string keyword, int depth) =>
        Node(source, PointerText.Append(parent.Pointer, keyword), parent.Secret, depth + 1);

    private SchemaNode Child(SchemaNode parent, JsonElement source, string keyword, int depth, string name) =>
        Node(source, PointerText.Append(PointerText.Append(parent.Pointer, keyword), name), parent.Secret, depth + 1);

    private SchemaNode? Resolve(SchemaNode node, JsonElement reference, int depth)
    {
        var at = PointerText.Append(node.Pointer, "$ref");
        var text = reference.ValueKind == JsonValueKind.String ? reference.GetString()! : "";
        if (!text.StartsWith('#'))
        {
            Report(at, "A reference leads only into the same schema.", "Copy the schema under \"definitions\" and write \"#/definitions/name\".");
            return null;
        }

        var pointer = Uri.UnescapeDataString(text[1..]);
        if (!PointerText.TryParse(pointer, out var tokens) || !PointerText.TryFind(root, tokens, out var target))
        {
            Report(at, "The reference leads nowhere.", "Write \"#/definitions/name\", and put the schema there.");
            return null;
        }

        if (target.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
        {
            Report(at, "The reference leads to something that is no schema.", null);
            return null;
        }

        var found = Node(target, pointer, node.Secret, depth + 1);
        found.Shared = true;
        return found;
    }

    private void ReadObject(SchemaNode node, int depth)
    {
        if (Member(node, "properties", JsonValueKind.Object) is { } properties)
        {
            foreach (var property in properties.EnumerateObject())
            {
                var before = nodes.Count;
                var child = Child(node, property.Value, "properties", depth, property.Name);
                plain &= child.Id >= before;
                node.Properties.Add((property.Name, child));
            }
        }

        if (Member(node, "patternProperties", JsonValueKind.Object) is { } patterns)
        {
            foreach (var property in patterns.EnumerateObject())
            {
                var child = Child(node, property.Value, "patternProperties", depth, property.Name);
                child.Shared = true;
                if (Pattern(property.Name, child.Pointer) is { } pattern)
                    node.PatternProperties.Add((pattern, child));
            }
        }

        if (!node.Source.TryGetProperty("additionalProperties", out var additional))
            return;

        node.NoOtherProperties = additional.ValueKind == JsonValueKind.False;
        if (additional.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            node.AdditionalProperties = Child(node, additional, "additionalProperties", depth);
    }

    private void ReadArray(SchemaNode node, int depth)
    {
        if (node.Source.TryGetProperty("items", out var items))
        {
            if (items.ValueKind == JsonValueKind.Array)
                ReadList(node, "items", items, node.TupleItems, depth);
            else
                node.Items = Child(node, items, "items", depth);
        }

        if (!node.Source.TryGetProperty("additionalItems", out var additional))
            return;

        node.NoOtherItems = additional.ValueKind == JsonValueKind.False;
        if (additional.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            node.AdditionalItems = Child(node, additional, "additionalItems", depth);
    }

    private void ReadCombinations(SchemaNode node, string keyword, List<SchemaNode> into, int depth)
    {
        if (Member(node, keyword, JsonValueKind.Array) is not { } list)
            return;

        if (list.GetArrayLength() == 0)
            Report(PointerText.Append(node.Pointer, keyword), $"\"{keyword}\" is empty.", "Give at least one schema, or leave it out.");

        ReadList(node, keyword, list, into, depth);
    }

    private void ReadList(SchemaNode node, string keyword, JsonElement list, List<SchemaNode> into, int depth)
    {
        var index = 0;
        foreach (var item in list.EnumerateArray())
            into.Add(Node(item, PointerText.Append(PointerText.Append(node.Pointer, keyword), index++), node.Secret, depth + 1));
    }

    /// <summary>Definitions that nothing refers to are checked too: they are meant to be schemas.</summary>
    private void CheckDefinitions()
    {
        foreach (var keyword in (string[])["definitions", "$defs"])
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty(keyword, out var definitions) && definitions.ValueKind == JsonValueKind.Object)
                foreach (var definition in definitions.EnumerateObject())
                    Node(definition.Value, PointerText.Append("/" + keyword, definition.Name), secret: false, depth: 1);
    }

    private void Report(string pointer, string message, string? hint) => issues.Add(new ValidationIssue(pointer, message, hint));
}
