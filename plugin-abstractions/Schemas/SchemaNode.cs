using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>The names that <c>type</c> may have.</summary>
[Flags]
internal enum SchemaTypes
{
    None = 0,
    String = 1,
    Number = 2,
    Integer = 4,
    Boolean = 8,
    Object = 16,
    Array = 32,
    Null = 64,
}

/// <summary>One schema position, read once. Immutable after <see cref="SchemaCompiler"/> has finished.</summary>
internal sealed class SchemaNode(int id, JsonElement source, string pointer, bool secret)
{
    /// <summary>Up to here, comparing is quicker than hashing.</summary>
    private const int FewProperties = 8;
    private Dictionary<string, SchemaNode>? byName;

    /// <summary>Its index among the document's nodes.</summary>
    public int Id => id;

    /// <summary>The schema as written: an object or a boolean.</summary>
    public JsonElement Source => source;

    /// <summary>Where it stands in the document.</summary>
    public string Pointer => pointer;

    /// <summary>Whether values here are secrets and never shown.</summary>
    public bool Secret => secret;

    /// <summary>Whether other schemas reach it by reference.</summary>
    public bool Shared { get; set; }

    /// <summary>What <c>$ref</c> leads to; everything but annotations and defaults is then ignored.</summary>
    public SchemaNode? Reference { get; set; }

    /// <summary>What <c>type</c> allows; <see cref="SchemaTypes.None"/> when it says nothing.</summary>
    public SchemaTypes Types { get; set; }

    public IReadOnlyList<string> Required { get; set; } = [];

    public List<(string Name, SchemaNode Schema)> Properties { get; } = [];

    public List<(SchemaPattern Pattern, SchemaNode Schema)> PatternProperties { get; } = [];

    public SchemaNode? AdditionalProperties { get; set; }

    /// <summary><c>additionalProperties</c> is <c>false</c>.</summary>
    public bool NoOtherProperties { get; set; }

    public SchemaNode? Items { get; set; }

    public List<SchemaNode> TupleItems { get; } = [];

    public SchemaNode? AdditionalItems { get; set; }

    /// <summary><c>additionalItems</c> is <c>false</c>.</summary>
    public bool NoOtherItems { get; set; }

    public List<SchemaNode> AllOf { get; } = [];

    public List<SchemaNode> AnyOf { get; } = [];

    public List<SchemaNode> OneOf { get; } = [];

    public SchemaNode? Not { get; set; }

    /// <summary>The value for an absent property.</summary>
    public JsonElement? Default { get; set; }

    public SchemaAssertions Assertions { get; set; } = SchemaAssertions.None;

    /// <summary>The schemas that judge the same value.</summary>
    public IEnumerable<SchemaNode> InPlace =>
        Reference is not null ? [Reference] : Not is null ? AllOf.Concat(AnyOf).Concat(OneOf) : AllOf.Concat(AnyOf).Concat(OneOf).Append(Not);

    /// <summary>The schema of a member's name among <see cref="Properties"/>.</summary>
    public SchemaNode? Property(JsonProperty member)
    {
        if (Properties.Count > FewProperties)
            return LazyInitializer.EnsureInitialized(ref byName, ByName).GetValueOrDefault(member.Name);

        foreach (var (name, schema) in Properties)
            if (member.NameEquals(name))
                return schema;

        return null;
    }

    /// <summary>A string annotation (<c>x-placeholder</c>).</summary>
    public string? Annotation(string name) =>
        source.ValueKind == JsonValueKind.Object && source.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private Dictionary<string, SchemaNode> ByName()
    {
        var names = new Dictionary<string, SchemaNode>(Properties.Count, StringComparer.Ordinal);
        foreach (var (name, schema) in Properties)
            names.TryAdd(name, schema);

        return names;
    }
}
