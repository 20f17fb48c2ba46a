using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>
/// Judges values by the schemas of a description: JSON Schema as OpenAPI 3.1 has it, with the older dialects' own keywords. Stricter than a validator in one thing: a property
/// that a schema with listed properties does not list is an error, unless the schema says that others are allowed. One instance judges one message. Not thread-safe.
/// </summary>
internal sealed partial class SchemaJudge(SchemaSet schemas, Direction direction)
{
    private const int MostSteps = 200_000;
    private const int Deepest = 200;

    private readonly HashSet<(string, WireValue)> choosing = [];
    private int steps;
    private int depth;

    /// <summary>Judges a whole value, and its names by everything that applies to it.</summary>
    public SchemaOutcome Value(Spot schema, WireValue value, string pointer) => Value(schemas.Get(schema), value, pointer);

    /// <inheritdoc cref="Value(Spot, WireValue, string)" />
    public SchemaOutcome Value(ContractSchema schema, WireValue value, string pointer)
    {
        var outcome = Here(schema, value, pointer);
        if (value.TryMembers(out var members) && outcome.Lists)
            CheckNames(outcome, members, pointer, schema);

        return outcome;
    }

    /// <summary>What the types of a value may be, as far as the schema says so wherever it looks.</summary>
    public IReadOnlyList<string> TypesOf(ContractSchema schema, int steps = 20)
    {
        if (steps == 0)
            return [];

        if (schema.Reference is not null)
            return schemas.Target(schema, out _) is { } target ? TypesOf(target, steps - 1) : [];

        if (schema.Types.Count > 0)
            return [.. schema.Types];

        if (schema.ListsNames)
            return ["object"];

        if (schema.Items is not null)
            return ["array"];

        return [.. schema.AllOf.Concat(schema.AnyOf).Concat(schema.OneOf).SelectMany(inner => TypesOf(schemas.Get(inner), steps - 1)).Distinct()];
    }

    /// <summary>The names that a schema lists, wherever it looks; whether it allows others.</summary>
    public (IReadOnlyList<string> Names, bool Open) NamesOf(ContractSchema schema, int steps = 20)
    {
        if (steps == 0)
            return ([], true);

        if (schema.Reference is not null && schemas.Target(schema, out _) is { } target)
            return NamesOf(target, steps - 1);

        var inner = schema.AllOf.Concat(schema.AnyOf).Concat(schema.OneOf).Select(part => NamesOf(schemas.Get(part), steps - 1)).ToList();
        return ([.. schema.Properties.Keys.Concat(inner.SelectMany(part => part.Names)).Distinct()], schema.Others == OtherNames.Allowed || inner.Exists(part => part.Open));
    }

    /// <summary>Judges a value by one schema and all that it applies to the same value.</summary>
    private SchemaOutcome Here(ContractSchema schema, WireValue value, string pointer)
    {
        if (++steps > MostSteps || depth > Deepest)
            throw new TooComplexException();

        depth++;
        try
        {
            return Apply(schema, value, pointer);
        }
        finally
        {
            depth--;
        }
    }

    private SchemaOutcome Apply(ContractSchema schema, WireValue value, string pointer)
    {
        var outcome = new SchemaOutcome();
        if (schema.Always is { } always)
        {
            outcome.Open = always;
            if (!always)
                outcome.Add(ViolationKind.UnknownName, pointer, "Nothing is allowed here.", schema.Place, "Leave it out.");

            return outcome;
        }

        // "nullable" without a type, or beside a reference, does nothing by the letter, and is always meant.
        if (schema.AllowsNull && (value.Kind == WireKind.Null || (value.Kind == WireKind.Text && value.Text.Length == 0 && !schema.Types.Contains("string"))))
            return outcome;

        outcome.NotJudged.AddRange(schema.Blocks);
        if (schema.Reference is not null)
        {
            if (schemas.Target(schema, out var problem) is { } target)
                outcome.Take(Here(target, value, pointer));
            else
                outcome.NotJudged.Add(problem!);
        }

        if (!CheckType(schema, value, pointer, outcome))
            return outcome;

        CheckSingle(schema, value, pointer, outcome);
        if (WantsArray(schema) && value.TryItems(out var items))
            CheckItems(schema, items, pointer, outcome);

        if (value.TryMembers(out var members) && (value.Kind != WireKind.Brackets || !IsArrayOnly(schema)))
            CheckMembers(schema, members, pointer, outcome);

        CheckCombined(schema, value, pointer, outcome);
        return outcome;
    }

    private static bool IsArrayOnly(ContractSchema schema) => schema.Types is ["array"];

    private static bool WantsArray(ContractSchema schema) =>
        schema.Types.Contains("array") || (schema.Types.Count == 0 && (schema.Items is not null || schema.PrefixItems.Count > 0 || schema.MinItems is not null || schema.MaxItems is not null || schema.Contains is not null));

    /// <summary>Whether the value is of a type that the schema allows; otherwise it says so, and nothing else is worth judging.</summary>
    private static bool CheckType(ContractSchema schema, WireValue value, string pointer, SchemaOutcome outcome)
    {
        if (schema.Types.Count == 0 || schema.Types.Any(type => Is(value, type)))
            return true;

        var expected = SchemaOutcome.TypesIn(schema.Types);
        switch (value.Kind)
        {
            case WireKind.Text when schema.Types.All(type => type is "array" or "object" or "null"):
                outcome.Add(
                    ViolationKind.WrongEncoding, pointer, $"Expected {expected}, found a single text.", schema.Place,
                    schema.Types.Contains("array") ? "Here an array is written with brackets: name[0]=value." : "Here an object is written with brackets: name[key]=value.");
                break;
            case WireKind.Brackets:
                outcome.Add(ViolationKind.WrongType, pointer, $"Expected {expected}, found names in brackets.", schema.Place);
                break;
            case WireKind.Repeated:
                outcome.Add(ViolationKind.WrongEncoding, pointer, $"Expected {expected}, found the name {value.Items.Count} times.", schema.Place, "Give it once.");
                break;
            default:
                outcome.Add(ViolationKind.WrongType, pointer, $"Expected {expected}, found {Found(value, schema)}.", schema.Place);
                break;
        }

        return false;
    }

    private static string Found(WireValue value, ContractSchema schema) => value.Kind switch
    {
        WireKind.Text when value.Text.Length == 0 => "an empty text",
        WireKind.Text => "a text that is none",
        WireKind.Number when schema.Types.Contains("integer") => "one with a fraction",
        WireKind.Number => "a number",
        WireKind.Boolean => "a boolean",
        WireKind.Null => "null",
        WireKind.Array => "an array",
        WireKind.Object => "an object",
        WireKind.Binary => "bytes",
        _ => "a string",
    };

    private static bool Is(WireValue value, string type) => type switch
    {
        "string" => value.Kind is WireKind.String or WireKind.Text or WireKind.Binary,
        "file" => value.Kind is WireKind.Binary,
        "integer" => value.TryNumber(out var number) && JsonNumber.IsIntegral(number) && (value.Kind == WireKind.Number || !value.Text.AsSpan().ContainsAny(".eE")),
        "number" => value.TryNumber(out _),
        "boolean" => value.Kind == WireKind.Boolean || (value.Kind == WireKind.Text && value.Text is "true" or "false"),
        "array" => value.TryItems(out _),
        "object" => value.Kind != WireKind.Repeated && value.TryMembers(out _),
        "null" => value.Kind == WireKind.Null || (value.Kind == WireKind.Text && value.Text.Length == 0),
        _ => false,
    };
}
