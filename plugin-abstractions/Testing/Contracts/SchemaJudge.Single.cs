using System.Globalization;
using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Single values and arrays.</summary>
internal sealed partial class SchemaJudge
{
    private static void CheckSingle(ContractSchema schema, WireValue value, string pointer, SchemaOutcome outcome)
    {
        if (schema.Enum is { } allowed && !allowed.EnumerateArray().Any(value.Equals))
            outcome.Add(ViolationKind.ForbiddenValue, pointer, "The value is none of those allowed.", schema.Place, Allowed(value, allowed));

        if (schema.Const is { } one && !value.Equals(one))
            outcome.Add(ViolationKind.ForbiddenValue, pointer, "The value is not the one allowed.", schema.Place, $"It must be {Short(one.GetRawText())}.");

        if (IsNumeric(schema) && value.TryNumber(out var number))
            CheckNumber(schema, number, pointer, outcome);

        if (value.Kind is WireKind.String or WireKind.Text && (schema.Types.Count == 0 || schema.Types.Contains("string")))
            CheckText(schema, value.Text, pointer, outcome);
    }

    private static bool IsNumeric(ContractSchema schema) => schema.Types.Count == 0 || schema.Types.Any(type => type is "integer" or "number");

    private static string Allowed(WireValue value, JsonElement allowed)
    {
        var names = allowed.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!).ToList();
        return value.Kind is WireKind.String or WireKind.Text && names.Count > 0
            ? Nearest.Hint(value.Text, names) ?? ""
            : $"Allowed: {string.Join(", ", allowed.EnumerateArray().Take(12).Select(item => Short(item.GetRawText())))}.";
    }

    private static void CheckNumber(ContractSchema schema, JsonElement number, string pointer, SchemaOutcome outcome)
    {
        if (schema.Minimum is { } minimum && JsonNumber.Compare(number, minimum) < 0)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The number is smaller than {minimum.GetRawText()}.", schema.Place);

        if (schema.Maximum is { } maximum && JsonNumber.Compare(number, maximum) > 0)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The number is larger than {maximum.GetRawText()}.", schema.Place);

        if (schema.ExclusiveMinimum is { } above && JsonNumber.Compare(number, above) <= 0)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The number must be larger than {above.GetRawText()}.", schema.Place);

        if (schema.ExclusiveMaximum is { } below && JsonNumber.Compare(number, below) >= 0)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The number must be smaller than {below.GetRawText()}.", schema.Place);

        if (schema.MultipleOf is { } of && !JsonNumber.IsMultiple(number, of))
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The number is no multiple of {of.GetRawText()}.", schema.Place);

        var fits = schema.Format switch
        {
            "int32" => number.TryGetInt32(out _) || !IsWhole(number),
            "int64" => number.TryGetInt64(out _) || !IsWhole(number),
            _ => true,
        };
        if (!fits)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The number does not fit into {schema.Format}.", schema.Place);
    }

    // "1.0" and "1e3" are whole, and their writing is no reason to refuse them; a fraction is the type's business.
    private static bool IsWhole(JsonElement number) => !number.GetRawText().AsSpan().ContainsAny(".eE");

    private static void CheckText(ContractSchema schema, string text, string pointer, SchemaOutcome outcome)
    {
        // Lengths count characters (code points), not UTF-16 units (JSON Schema §6.3.1).
        var length = text.EnumerateRunes().Count();
        if (length < schema.MinLength)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The text is shorter than {Characters(schema.MinLength.Value)}.", schema.Place);

        if (length > schema.MaxLength)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The text is longer than {Characters(schema.MaxLength.Value)}.", schema.Place);

        if (schema.Pattern is { } pattern)
        {
            var matches = pattern.Matches(text);
            if (matches is false)
                outcome.Add(ViolationKind.WrongFormat, pointer, "The text does not match the pattern.", schema.Place, $"Pattern: {Short(pattern.Text)}");
            else if (matches is null)
                outcome.NotJudged.Add(new NotUnderstood(schema.Place, "pattern", "Matching took too long."));
        }

        if (schema.Format is { } format && !SchemaFormats.Holds(format, text, out var looks))
            outcome.Add(ViolationKind.WrongFormat, pointer, $"The text is no {format}.", schema.Place, $"It looks like {looks}.");
    }

    private void CheckItems(ContractSchema schema, IReadOnlyList<WireValue> items, string pointer, SchemaOutcome outcome)
    {
        if (items.Count < schema.MinItems)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The array has fewer than {schema.MinItems} items.", schema.Place);

        if (items.Count > schema.MaxItems)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The array has more than {schema.MaxItems} items.", schema.Place);

        if (schema.UniqueItems && items.Select(item => item.Key()).Distinct().Count() < items.Count)
            outcome.Add(ViolationKind.OutOfBounds, pointer, "The array has the same item twice.", schema.Place);

        foreach (var (index, item) in items.Index())
            if ((index < schema.PrefixItems.Count ? schema.PrefixItems[index] : schema.Items) is { } rule)
                outcome.TakeFindings(Value(rule, item, PointerText.Append(pointer, index)));

        if (schema.Contains is { } wanted)
            CheckContains(schema, wanted, items, pointer, outcome);
    }

    private void CheckContains(ContractSchema schema, Spot wanted, IReadOnlyList<WireValue> items, string pointer, SchemaOutcome outcome)
    {
        var found = items.Index().Count(item => Value(wanted, item.Item, PointerText.Append(pointer, item.Index)).Fits);
        if (found < schema.MinContains)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"Fewer than {schema.MinContains} of the items are of the wanted sort.", schemas.Get(wanted).Place);

        if (found > schema.MaxContains)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"More than {schema.MaxContains} of the items are of the wanted sort.", schemas.Get(wanted).Place);
    }

    private static string Characters(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} character{(count == 1 ? "" : "s")}");

    private static string Short(string text) => text.Length <= 100 ? text : text[..99] + "…";
}
