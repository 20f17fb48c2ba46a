using System.Collections.Frozen;

namespace IntegrationHub.Schemas;

/// <summary>The schema language: draft 7 without what NJsonSchema cannot judge.</summary>
internal static class SchemaKeywords
{
    /// <summary>Keywords that judge values, and those that only describe.</summary>
    public static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(
    [
        "type", "enum", "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "properties", "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties",
        "items", "additionalItems", "minItems", "maxItems", "uniqueItems", "allOf", "anyOf", "oneOf", "not", "$ref", "definitions", "$defs",
        .. Annotations,
    ]);

    /// <summary>Keywords that may stand beside <c>$ref</c>.</summary>
    public static bool IsAnnotation(string keyword) => Annotations.Contains(keyword, StringComparer.Ordinal) || keyword.StartsWith("x-", StringComparison.Ordinal);

    /// <summary>Keywords that exist in JSON Schema and that this library does not judge: what to write instead.</summary>
    public static readonly FrozenDictionary<string, string> Unsupported = new Dictionary<string, string>
    {
        ["const"] = "Write \"enum\" with the one value: enum: [\"x\"].",
        ["if"] = "Write the alternatives with \"oneOf\" or \"anyOf\", told apart by a property with enum: [\"x\"].",
        ["then"] = "Write the alternatives with \"oneOf\" or \"anyOf\", told apart by a property with enum: [\"x\"].",
        ["else"] = "Write the alternatives with \"oneOf\" or \"anyOf\", told apart by a property with enum: [\"x\"].",
        ["contains"] = "Describe every item with \"items\".",
        ["minContains"] = "Describe every item with \"items\".",
        ["maxContains"] = "Describe every item with \"items\".",
        ["propertyNames"] = "Use \"patternProperties\" with \"additionalProperties\": false.",
        ["dependencies"] = "Write the alternatives with \"anyOf\" and \"required\".",
        ["dependentRequired"] = "Write the alternatives with \"anyOf\" and \"required\".",
        ["dependentSchemas"] = "Write the alternatives with \"anyOf\".",
        ["prefixItems"] = "Write \"items\" with an array of schemas.",
        ["unevaluatedProperties"] = "Use \"additionalProperties\".",
        ["unevaluatedItems"] = "Use \"additionalItems\".",
        ["nullable"] = "Write a list of types: [\"string\", \"null\"].",
        ["discriminator"] = "Use \"oneOf\" with a property with enum: [\"x\"].",
        ["$id"] = "Leave it out: a schema here has no address and refers only into itself.",
        ["id"] = "Leave it out: a schema here has no address and refers only into itself.",
        ["$anchor"] = "Refer by JSON pointer: #/definitions/name.",
        ["$dynamicRef"] = "Refer by JSON pointer: #/definitions/name.",
        ["$dynamicAnchor"] = "Refer by JSON pointer: #/definitions/name.",
        ["$recursiveRef"] = "Refer by JSON pointer: #/definitions/name.",
        ["$recursiveAnchor"] = "Refer by JSON pointer: #/definitions/name.",
    }.ToFrozenDictionary();

    /// <summary>The types.</summary>
    public static readonly IReadOnlyList<string> Types = ["string", "number", "integer", "boolean", "object", "array", "null"];

    /// <summary>The type of a name, if there is one.</summary>
    public static SchemaTypes? TypeOf(string name) => name switch
    {
        "string" => SchemaTypes.String,
        "number" => SchemaTypes.Number,
        "integer" => SchemaTypes.Integer,
        "boolean" => SchemaTypes.Boolean,
        "object" => SchemaTypes.Object,
        "array" => SchemaTypes.Array,
        "null" => SchemaTypes.Null,
        _ => null,
    };

    private static IReadOnlyList<string> Annotations =>
        ["$schema", "$comment", "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType"];
}
