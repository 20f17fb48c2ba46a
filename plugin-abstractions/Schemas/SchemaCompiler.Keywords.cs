using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>What each keyword may say.</summary>
internal sealed partial class SchemaCompiler
{
    private void CheckKeywords(SchemaNode node)
    {
        var hasReference = node.Source.TryGetProperty("$ref", out _);
        foreach (var property in node.Source.EnumerateObject())
        {
            var at = PointerText.Append(node.Pointer, property.Name);
            if (SchemaKeywords.Unsupported.TryGetValue(property.Name, out var instead))
                Report(at, $"The schema keyword \"{property.Name}\" is not supported.", instead);
            else if (!SchemaKeywords.Known.Contains(property.Name) && !property.Name.StartsWith("x-", StringComparison.Ordinal))
                Report(at, $"Unknown schema keyword \"{property.Name}\".", UnknownHint(property.Name));
            else if (hasReference && property.Name is not ("$ref" or "definitions" or "$defs") && (!SchemaKeywords.IsAnnotation(property.Name) || property.Name == "x-secret"))
                Report(at, $"\"{property.Name}\" beside \"$ref\" is ignored.", "Put it where the reference leads, or write allOf: [ { \"$ref\": … } ].");
        }
    }

    private static string UnknownHint(string keyword) =>
        Nearest.To(keyword, SchemaKeywords.Known) is { } near ? $"Did you mean \"{near}\"?" : "Keywords of your own begin with \"x-\".";

    private void CheckTypes(SchemaNode node)
    {
        CheckRequired(node);
        foreach (var flag in (string[])["additionalProperties", "additionalItems"])
            if (node.Source.TryGetProperty(flag, out var value) && value.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Object))
                Report(PointerText.Append(node.Pointer, flag), $"\"{flag}\" is a boolean or a schema.", null);

        if (!node.Source.TryGetProperty("type", out var type))
            return;

        var at = PointerText.Append(node.Pointer, "type");
        if (type.ValueKind == JsonValueKind.Array && type.GetArrayLength() > 0)
        {
            foreach (var item in type.EnumerateArray())
                CheckType(node, item, at);
        }
        else
        {
            CheckType(node, type, at);
        }
    }

    private void CheckType(SchemaNode node, JsonElement type, string at)
    {
        var name = type.ValueKind == JsonValueKind.String ? type.GetString()! : "";
        if (SchemaKeywords.TypeOf(name) is { } known)
            node.Types |= known;
        else
            Report(at, name.Length == 0 ? "A type is one of the type names, or a list of them." : $"Unknown type \"{name}\".", Nearest.Hint(name, SchemaKeywords.Types.ToList()));
    }

    private void CheckRequired(SchemaNode node)
    {
        if (Member(node, "required", JsonValueKind.Array) is not { } required)
            return;

        if (required.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            Report(PointerText.Append(node.Pointer, "required"), "\"required\" lists property names.", null);
        else
            node.Required = required.EnumerateArray().Select(item => item.GetString()!).ToList();
    }

    private SchemaAssertions ReadAssertions(SchemaNode node)
    {
        var read = new SchemaAssertions
        {
            Enum = ReadEnum(node),
            Pattern = Member(node, "pattern", JsonValueKind.String) is { } pattern ? Pattern(pattern.GetString()!, PointerText.Append(node.Pointer, "pattern")) : null,
            Format = Member(node, "format", JsonValueKind.String)?.GetString(),
            MinLength = Count(node, "minLength"),
            MaxLength = Count(node, "maxLength"),
            Minimum = Member(node, "minimum", JsonValueKind.Number),
            Maximum = Member(node, "maximum", JsonValueKind.Number),
            ExclusiveMinimum = Member(node, "exclusiveMinimum", JsonValueKind.Number),
            ExclusiveMaximum = Member(node, "exclusiveMaximum", JsonValueKind.Number),
            MultipleOf = Member(node, "multipleOf", JsonValueKind.Number),
            MinItems = Count(node, "minItems"),
            MaxItems = Count(node, "maxItems"),
            UniqueItems = node.Source.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True,
            MinProperties = Count(node, "minProperties"),
            MaxProperties = Count(node, "maxProperties"),
        };
        if (read.MultipleOf is { } step && step.GetDouble() <= 0)
            Report(PointerText.Append(node.Pointer, "multipleOf"), "\"multipleOf\" is more than zero.", null);

        return read;
    }

    private List<JsonElement>? ReadEnum(SchemaNode node)
    {
        if (Member(node, "enum", JsonValueKind.Array) is not { } values)
            return null;

        if (values.GetArrayLength() == 0)
            Report(PointerText.Append(node.Pointer, "enum"), "\"enum\" is empty: no value could ever be valid.", "List the allowed values, or leave it out.");

        return values.EnumerateArray().ToList();
    }

    private long? Count(SchemaNode node, string keyword)
    {
        if (Member(node, keyword, JsonValueKind.Number) is not { } number)
            return null;

        if (number.TryGetInt64(out var count) && count >= 0)
            return count;

        Report(PointerText.Append(node.Pointer, keyword), $"\"{keyword}\" is a whole number, zero or more.", null);
        return null;
    }

    private SchemaPattern? Pattern(string pattern, string at)
    {
        try
        {
            return SchemaPattern.Compile(pattern);
        }
        catch (ArgumentException)
        {
            Report(at, "The pattern is not a regular expression.", "Look for an unclosed bracket, or a backslash that must be written twice in JSON.");
            return null;
        }
    }

    /// <summary>A keyword's value when it is there and of the right kind; another kind is reported.</summary>
    private JsonElement? Member(SchemaNode node, string keyword, JsonValueKind kind)
    {
        if (!node.Source.TryGetProperty(keyword, out var value))
            return null;

        if (value.ValueKind == kind)
            return value;

        Report(PointerText.Append(node.Pointer, keyword), $"\"{keyword}\" is {JsonKind.Name(kind)}, not {JsonKind.Name(value.ValueKind)}.", null);
        return null;
    }

    /// <summary>
    /// Schemas that judge the same value form no circle (that would never end), and do not multiply without bound
    /// (<c>allOf</c> of two references to <c>allOf</c> of two references to …).
    /// </summary>
    private void CheckRecursion()
    {
        var cost = new Dictionary<SchemaNode, int>();
        var open = new HashSet<SchemaNode>();
        foreach (var node in nodes)
            Visit(node);

        int Visit(SchemaNode node)
        {
            if (cost.TryGetValue(node, out var done))
                return done;

            if (!open.Add(node))
            {
                Report(node.Pointer, "The schema refers to itself without end.", "A recursive reference stands inside \"properties\" or \"items\".");
                return 0;
            }

            var sum = 1;
            foreach (var next in node.InPlace)
                sum = Math.Min(sum + Visit(next), LargestExpansion + 1);

            open.Remove(node);
            cost[node] = sum;
            if (sum > LargestExpansion)
                Report(node.Pointer, "The schema's references multiply to too many schemas.", "Refer to each definition fewer times.");

            return sum;
        }
    }

    private const int LargestExpansion = 2_000;
}
