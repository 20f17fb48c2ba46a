using System.Text.Json;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NJsonSchema.Validation;

namespace IntegrationHub.Schemas;

/// <summary>NJsonSchema's validator, with this library's own judgement of single values and of property name patterns put in. One instance validates one value.</summary>
internal sealed class StructuralValidator(CompiledSchema compiled, JsonElementReader document) : JsonSchemaValidator(Settings)
{
    /// <summary>Steps after which a value counts as an attack: schemas that refer to themselves twice multiply with the value's depth.</summary>
    private const int MostSteps = 500_000;

    private static readonly JsonSchemaValidatorSettings Settings = new() { FormatValidators = [] };
    private int steps;

    protected override ICollection<ValidationError> Validate(JToken token, JsonSchema schema, SchemaType schemaType, string? propertyName, string propertyPath)
    {
        if (++steps > MostSteps)
            throw new TooComplexException();

        // Paths are left empty: they would be wrong for names with dots, and building them costs more than the checks.
        var errors = (List<ValidationError>)base.Validate(token, schema, schemaType, propertyName, "");
        if (compiled.NodeOf(schema) is not { } node)
            return errors;

        var place = ((Newtonsoft.Json.IJsonLineInfo)token).LineNumber;

        // "required" concerns objects only (JSON Schema §6.5.3).
        if (token is not JObject && errors.Count > 0)
            errors.RemoveAll(error => error.Kind == ValidationErrorKind.PropertyRequired && error.Schema == schema);

        if (node.PatternProperties.Count > 0 && token is JObject members)
            ValidatePatternProperties(members, schema, schemaType, node, errors);

        node.Assertions.Check(document.ValueAt(place), node, (message, hint) => errors.Add(new AssertionError(token, schema, message, hint, node.Assertions.Enum is not null)));
        return errors;
    }

    private void ValidatePatternProperties(JObject members, JsonSchema schema, SchemaType schemaType, SchemaNode node, List<ValidationError> errors)
    {
        var matched = new HashSet<int>();
        foreach (var member in members.Properties())
        {
            foreach (var (pattern, child) in node.PatternProperties)
            {
                var matches = pattern.Matches(member.Name);
                if (matches is null)
                    errors.Add(new AssertionError(member, schema, "Matching the property's name against its pattern took too long.", "Use a shorter name.", false));

                if (matches is not true)
                    continue;

                matched.Add(((Newtonsoft.Json.IJsonLineInfo)member).LineNumber);
                errors.AddRange(Validate(member.Value, compiled.DefinitionOf(child).ActualSchema, schemaType, member.Name, ""));
            }
        }

        errors.RemoveAll(error => matched.Contains(error.LineNumber) && error.Kind switch
        {
            ValidationErrorKind.NoAdditionalPropertiesAllowed => error.Schema == schema,
            ValidationErrorKind.AdditionalPropertiesNotValid => error.Schema == schema.AdditionalPropertiesSchema,
            _ => false,
        });
    }
}

/// <summary>What is wrong with a single value, in this library's words.</summary>
internal sealed class AssertionError(JToken token, JsonSchema schema, string message, string? hint, bool tellsApart)
    : ValidationError(ValidationErrorKind.Unknown, null, "", token, schema)
{
    public string Message => message;

    public string? Hint => hint;

    /// <summary>Whether the schema lists the allowed values, as properties do that tell alternatives apart.</summary>
    public bool TellsApart => tellsApart;
}

/// <summary>A value and a schema multiply each other beyond reason.</summary>
internal sealed class TooComplexException : Exception;

/// <summary>The nodes of a schema, and NJsonSchema's view of them.</summary>
internal sealed class CompiledSchema
{
    private readonly IReadOnlyList<SchemaNode> nodes;
    private readonly JsonSchema document;

    public CompiledSchema(IReadOnlyList<SchemaNode> nodes)
    {
        this.nodes = nodes;

        // Every reference leads into the text itself, so nothing is awaited: the task is complete when it is returned.
        document = JsonSchema.FromJsonAsync(SchemaEmitter.Emit(nodes)).GetAwaiter().GetResult();
        Root = DefinitionOf(nodes[0]).ActualSchema;
    }

    public JsonSchema Root { get; }

    public SchemaNode RootNode => nodes[0];

    public JsonSchema DefinitionOf(SchemaNode node) => document.Definitions[SchemaEmitter.Definition(node)];

    public SchemaNode? NodeOf(JsonSchema schema) =>
        schema.ExtensionData is { } data && data.TryGetValue(SchemaEmitter.NodeKey, out var id) && id is long number ? nodes[(int)number] : null;

    /// <summary>What is wrong with a value.</summary>
    public IReadOnlyList<ValidationIssue> Validate(JsonElement value)
    {
        var reader = new JsonElementReader(value);
        var token = JToken.Load(reader);
        var errors = new StructuralValidator(this, reader).Validate(token, Root);
        return errors.Count == 0 ? [] : new IssueWriter(this, reader).Write(errors);
    }
}
