using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>
/// A compiled JSON schema. Immutable and thread-safe. References leave the document never: only <c>#…</c> is followed.
/// </summary>
/// <remarks>
/// The language is JSON Schema draft 7 without <c>const</c>, <c>if</c>/<c>then</c>/<c>else</c>, <c>contains</c>, <c>propertyNames</c> and <c>dependencies</c>, with <c>$defs</c>
/// beside <c>definitions</c>. Unknown keywords are refused unless they begin with <c>x-</c>. <c>1.0</c> is an integer; lengths count characters, not UTF-16 units;
/// a pattern that takes too long on a value makes an issue, as does a value nested deeper than 100 levels. Values of properties marked <c>x-secret</c> are never repeated in an issue.
/// </remarks>
public sealed class SchemaValidator
{
    private readonly JsonElement source;
    private Compiled? compiled;

    private SchemaValidator(JsonElement source, Compiled? compiled)
    {
        this.source = source;
        this.compiled = compiled;
    }

    /// <summary>Compiles a schema.</summary>
    /// <exception cref="ArgumentException">The schema is not valid, or refers outside itself. The message says where and why.</exception>
    public static SchemaValidator Compile(JsonElement schema)
    {
        var issues = TryCompile(schema, out var validator);
        return validator ?? throw new ArgumentException(
            string.Join(" ", issues.Select(issue => $"At \"{issue.Pointer}\": {issue.Message} {issue.Hint}".TrimEnd())), nameof(schema));
    }

    /// <summary>Compiles a schema, or says everything that is wrong with it.</summary>
    /// <param name="schema">The schema; its pointers in the issues begin at its own root. It may be disposed afterwards.</param>
    /// <param name="validator">The compiled schema; <see langword="null"/> when there are issues.</param>
    public static IReadOnlyList<ValidationIssue> TryCompile(JsonElement schema, out SchemaValidator? validator)
    {
        validator = null;
        if (schema.ValueKind == JsonValueKind.Undefined)
            return [new ValidationIssue("", "There is no schema.", null)];

        try
        {
            // Of hundreds of schemas that are compiled at start, few are used soon: what was read is dropped, and read again when the first value comes.
            var source = schema.Clone();
            var read = SchemaCompiler.Read(source);
            if (read.Issues.Count == 0)
                validator = new SchemaValidator(source, read.IsPlain ? null : new Compiled(read.Nodes, new CompiledSchema(read.Nodes)));

            return read.Issues;
        }
        catch (Exception fault) when (fault is Newtonsoft.Json.JsonException or InvalidOperationException or FormatException)
        {
            return [new ValidationIssue("", "The schema cannot be read.", "Look for text that is not valid Unicode, and for the same name twice.")];
        }
    }

    /// <summary>
    /// Validates a value and reports everything that is wrong with it; of alternatives (<c>oneOf</c>, <c>anyOf</c>) what is wrong with the likeliest.
    /// A missing property is reported at its own place, where it should be.
    /// </summary>
    public IReadOnlyList<ValidationIssue> Validate(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
            return [new ValidationIssue("", "There is no value.", null)];

        try
        {
            return Use().Validate(value);
        }
        catch (Newtonsoft.Json.JsonReaderException)
        {
            return [new ValidationIssue("", "The value is nested too deeply.", "At most 100 levels are read.")];
        }
        catch (TooComplexException)
        {
            return [new ValidationIssue("", "The value takes too long to validate.", "Make it smaller.")];
        }
        catch (InvalidOperationException)
        {
            // JsonElement refuses to decode lone surrogates only when it is asked for the text.
            return [new ValidationIssue("", "The value contains text that is not valid Unicode.", "Look for a lone \\ud800 to \\udfff.")];
        }
    }

    /// <summary>
    /// The value with the schema's <c>default</c>s put in for properties that are absent, at the top and in objects within it that are present (also through
    /// <c>$ref</c> and <c>allOf</c>). The same value when nothing is absent; anything but an object stays as it is. Does not validate.
    /// </summary>
    public JsonElement ApplyDefaults(JsonElement value) => Use().Defaults.Apply(value);

    // Threads that come at the same time may both compile; one result stays, and both are the same.
    private Compiled Use() => LazyInitializer.EnsureInitialized(ref compiled, () => new Compiled(SchemaCompiler.Read(source).Nodes));

    /// <summary>What values are judged with. NJsonSchema's own view, by far the largest and slowest to make, is made when it has something to explain.</summary>
    private sealed class Compiled(IReadOnlyList<SchemaNode> nodes, CompiledSchema? explainer = null)
    {
        private CompiledSchema? explainer = explainer;

        public SchemaDefaults Defaults { get; } = new(nodes);

        public IReadOnlyList<ValidationIssue> Validate(JsonElement value) =>
            ValueScreen.Passes(value, nodes[0]) ? [] : LazyInitializer.EnsureInitialized(ref explainer, () => new CompiledSchema(nodes)).Validate(value);
    }
}
