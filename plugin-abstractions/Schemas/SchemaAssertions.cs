using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>
/// The keywords that judge one value by itself. NJsonSchema compares enums and uniqueness as text, cannot hold big integers, counts UTF-16 units, and runs
/// patterns without a time limit; so these are judged here, and it judges structure.
/// </summary>
internal sealed class SchemaAssertions
{
    private const int LongestEcho = 40;

    public static readonly SchemaAssertions None = new();

    public IReadOnlyList<JsonElement>? Enum { get; init; }

    public SchemaPattern? Pattern { get; init; }

    public string? Format { get; init; }

    public long? MinLength { get; init; }

    public long? MaxLength { get; init; }

    public JsonElement? Minimum { get; init; }

    public JsonElement? Maximum { get; init; }

    public JsonElement? ExclusiveMinimum { get; init; }

    public JsonElement? ExclusiveMaximum { get; init; }

    public JsonElement? MultipleOf { get; init; }

    public long? MinItems { get; init; }

    public long? MaxItems { get; init; }

    public bool UniqueItems { get; init; }

    public long? MinProperties { get; init; }

    public long? MaxProperties { get; init; }

    /// <summary>Adds what is wrong with a value.</summary>
    public void Check(JsonElement value, SchemaNode schema, Action<string, string?> report)
    {
        if (ReferenceEquals(this, None))
            return;

        if (Enum is not null && !Enum.Any(allowed => JsonElement.DeepEquals(allowed, value)))
            report($"The value{Echo(value, schema)} is not one of the allowed values.", EnumHint(value, schema));

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                CheckString(value.GetString()!, schema, report);
                break;
            case JsonValueKind.Number:
                CheckNumber(value, report);
                break;
            case JsonValueKind.Array:
                CheckArray(value, report);
                break;
            case JsonValueKind.Object:
                CheckCount(value.GetPropertyCount(), MinProperties, MaxProperties, "properties", report);
                break;
        }
    }

    private void CheckString(string value, SchemaNode schema, Action<string, string?> report)
    {
        if (MinLength is not null || MaxLength is not null)
        {
            // RFC 8259 characters, not UTF-16 units: an emoji is one.
            var length = value.Length;
            for (var i = 1; i < value.Length; i++)
                if (char.IsSurrogatePair(value[i - 1], value[i]))
                    length--;

            if (length < MinLength)
                report(length == 0 ? "The text is empty." : "The text is too short.", Count("It needs at least", MinLength.Value, "character"));

            if (length > MaxLength)
                report("The text is too long.", Count("It may have at most", MaxLength.Value, "character"));
        }

        switch (Pattern?.Matches(value))
        {
            case false:
                report("The text does not have the expected form.", PatternHint(schema));
                break;
            case null when Pattern is not null:
                report("Matching the text against its pattern took too long.", "Use a shorter text, or a simpler pattern in the schema.");
                break;
        }

        if (Format is not null && !SchemaFormats.Holds(Format, value, out var looks))
            report($"The text is not a valid {Format}.", $"It looks like {looks}.");
    }

    private void CheckNumber(JsonElement value, Action<string, string?> report)
    {
        if (Minimum is { } minimum && JsonNumber.Compare(value, minimum) < 0)
            report("The number is too small.", $"It must be {Short(minimum.GetRawText())} or more.");

        if (Maximum is { } maximum && JsonNumber.Compare(value, maximum) > 0)
            report("The number is too big.", $"It must be {Short(maximum.GetRawText())} or less.");

        if (ExclusiveMinimum is { } above && JsonNumber.Compare(value, above) <= 0)
            report("The number is too small.", $"It must be more than {Short(above.GetRawText())}.");

        if (ExclusiveMaximum is { } below && JsonNumber.Compare(value, below) >= 0)
            report("The number is too big.", $"It must be less than {Short(below.GetRawText())}.");

        if (MultipleOf is { } step && !JsonNumber.IsMultiple(value, step))
            report($"The number is not a multiple of {Short(step.GetRawText())}.", null);
    }

    private void CheckArray(JsonElement value, Action<string, string?> report)
    {
        CheckCount(value.GetArrayLength(), MinItems, MaxItems, "items", report);
        if (UniqueItems && HasRepetition(value))
            report("The array has the same item more than once.", "Remove the repetition.");
    }

    private static bool HasRepetition(JsonElement array)
    {
        var byText = new HashSet<string>(StringComparer.Ordinal);
        var rest = new List<JsonElement>();
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                if (!byText.Add(item.GetString()!))
                    return true;
            }
            else
            {
                // Pairwise comparison is quadratic; beyond this many items only equal spellings count as equal.
                var known = rest.Count < 256 ? rest.Any(other => JsonElement.DeepEquals(other, item)) : !byText.Add('\0' + item.GetRawText());
                if (known)
                    return true;

                rest.Add(item);
            }
        }

        return false;
    }

    private static void CheckCount(int count, long? least, long? most, string what, Action<string, string?> report)
    {
        if (count < least)
            report($"Too few {what}.", string.Create(CultureInfo.InvariantCulture, $"There must be at least {least}."));

        if (count > most)
            report($"Too many {what}.", string.Create(CultureInfo.InvariantCulture, $"There may be at most {most}."));
    }

    private string? EnumHint(JsonElement value, SchemaNode schema)
    {
        var texts = Enum!.Select(allowed => Short(allowed.ValueKind == JsonValueKind.String ? allowed.GetString()! : allowed.GetRawText())).ToList();
        if (value.ValueKind == JsonValueKind.String && !schema.Secret && Nearest.To(value.GetString()!, texts) is { } near && texts.Count > 12)
            return $"Did you mean \"{near}\"?";

        return texts.Count <= 24 ? $"Allowed: {string.Join(", ", texts)}." : $"Allowed: {string.Join(", ", texts.Take(24))} and {texts.Count - 24} more.";
    }

    private string PatternHint(SchemaNode schema) =>
        schema.Annotation("x-placeholder") is { } placeholder ? $"It looks like {Short(placeholder)}." : $"It must match {Pattern!.Text}";

    private static string Echo(JsonElement value, SchemaNode schema)
    {
        if (schema.Secret || value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            return "";

        return value.ValueKind == JsonValueKind.String ? $" \"{Short(value.GetString()!)}\"" : " " + Short(value.GetRawText());
    }

    private static string Count(string words, long count, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{words} {count} {unit}{(count == 1 ? "" : "s")}.");

    private static string Short(string text) => text.Length <= LongestEcho ? text : text[..(LongestEcho - 1)] + "…";
}
