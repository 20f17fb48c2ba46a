using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>Compiles filters, and finds everything that is wrong with one. For one filter.</summary>
internal sealed class FilterParser
{
    public const int MaxBytes = 16 * 1024;
    public const int MaxDepth = 8;
    public const int MaxConditions = 100;
    public const int MaxValues = 500;
    public const int MaxText = 1024;

    private static readonly string[] Combiners = ["and", "or", "not"];

    private static readonly string[] Operators =
        ["eq", "ne", "gt", "gte", "lt", "lte", "in", "notIn", "exists", "prefix", "suffix", "contains", "like", "equalsIgnoreCase", "not"];

    /// <summary>What other systems call them.</summary>
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["$and"] = "and", ["all"] = "and", ["allOf"] = "and", ["$or"] = "or", ["any"] = "or", ["anyOf"] = "or", ["$not"] = "not",
        ["$eq"] = "eq", ["equals"] = "eq", ["="] = "eq", ["=="] = "eq", ["$ne"] = "ne", ["$neq"] = "ne", ["neq"] = "ne", ["!="] = "ne", ["notEquals"] = "ne",
        ["$gt"] = "gt", [">"] = "gt", ["$gte"] = "gte", [">="] = "gte", ["$lt"] = "lt", ["<"] = "lt", ["$lte"] = "lte", ["<="] = "lte", ["numeric"] = "gt', 'gte', 'lt' or 'lte",
        ["$in"] = "in", ["oneOf"] = "in", ["$nin"] = "notIn", ["nin"] = "notIn", ["anything-but"] = "notIn", ["$exist"] = "exists", ["$exists"] = "exists",
        ["$startsWith"] = "prefix", ["startsWith"] = "prefix", ["$endsWith"] = "suffix", ["endsWith"] = "suffix", ["$contains"] = "contains", ["includes"] = "contains",
        ["wildcard"] = "like", ["glob"] = "like", ["equals-ignore-case"] = "equalsIgnoreCase",
    };

    private readonly List<ValidationIssue> issues = [];
    private int conditions;

    public IReadOnlyList<ValidationIssue> Issues => issues;

    /// <returns>The condition; <see langword="null"/> when something is wrong with it.</returns>
    public FilterNode? Parse(JsonElement filter, string pointer)
    {
        if (Encoding.UTF8.GetByteCount(filter.GetRawText()) > MaxBytes)
            return Wrong(pointer, $"The filter is longer than {MaxBytes / 1024} KB.", "Make several subscriptions of it, or filter in the receiver.");

        return Condition(filter, pointer, 1);
    }

    private FilterNode? Condition(JsonElement filter, string pointer, int depth)
    {
        if (depth > MaxDepth)
            return Wrong(pointer, $"The filter is nested deeper than {MaxDepth}.");
        if (filter.ValueKind != JsonValueKind.Object)
            return Wrong(pointer, "A condition is an object.", "{ \"/data/amount\": { \"gte\": 1000 } }, for instance: pointers into the event, with what must be there.");

        var nodes = new List<FilterNode?>();
        foreach (var member in filter.EnumerateObject())
        {
            var at = $"{pointer}/{RequestBody.Escape(member.Name)}";
            nodes.Add(member.Name switch
            {
                "and" => Several(member.Value, at, depth, (place, all) => new AllNode(place, all)),
                "or" => Several(member.Value, at, depth, (place, all) => new AnyNode(place, all)),
                "not" => Condition(member.Value, at, depth + 1) is { } inner ? new NotNode(at, inner) : null,
                ['/', ..] => Field(member.Name, member.Value, at, depth),
                _ => Wrong(at, $"'{member.Name}' is neither a pointer nor one of 'and', 'or', 'not'.", HintFor(member.Name, Combiners, $"A pointer begins with '/': '/data/{member.Name}', for instance.")),
            });
        }

        if (nodes.Count == 0)
            return Wrong(pointer, "The condition is empty.", "Leave the filter out, or null, to take every event of the pattern.");

        return All(pointer, nodes);
    }

    private FilterNode? Several(JsonElement list, string pointer, int depth, Func<string, FilterNode[], FilterNode> combine)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            return Wrong(pointer, "A list of conditions is expected.", "[ { \"/type\": \"…\" }, { \"/data/amount\": { \"gt\": 0 } } ], for instance.");

        var nodes = new List<FilterNode?>();
        foreach (var condition in list.EnumerateArray())
            nodes.Add(Condition(condition, $"{pointer}/{nodes.Count}", depth + 1));
        return nodes.Any(node => node is null) ? null : combine(pointer, [.. nodes.Select(node => node!)]);
    }

    private FilterNode? Field(string name, JsonElement wanted, string pointer, int depth)
    {
        if (EventPath.TryParse(name, out var error) is { } path)
            return Value(path, wanted, pointer, depth);

        return Wrong(pointer, error!.Message, error.Hint);
    }

    private FilterNode? Value(EventPath path, JsonElement wanted, string pointer, int depth)
    {
        if (++conditions > MaxConditions)
            return conditions == MaxConditions + 1 ? Wrong(pointer, $"The filter has more than {MaxConditions} conditions.") : null;
        if (depth > MaxDepth)
            return Wrong(pointer, $"The filter is nested deeper than {MaxDepth}.");

        switch (wanted.ValueKind)
        {
            case JsonValueKind.Array:
                return Values(wanted, pointer) is { } literals ? new FieldNode(pointer, path, new InTest(literals)) : null;

            case JsonValueKind.Object:
                var nodes = new List<FilterNode?>();
                foreach (var member in wanted.EnumerateObject())
                    nodes.Add(Operator(path, member.Name, member.Value, $"{pointer}/{RequestBody.Escape(member.Name)}", depth));
                return nodes.Count == 0 ? Wrong(pointer, "What must be there is not said.", "A value, a list of values, or { \"gte\": 1000 }, for instance.") : All(pointer, nodes);

            default:
                return Literal(wanted, pointer) is { } literal ? new FieldNode(pointer, path, new EqualTest(literal)) : null;
        }
    }

    private FilterNode? Operator(EventPath path, string name, JsonElement value, string pointer, int depth)
    {
        FilterNode? Test(FilterTest? test) => test is null ? null : new FieldNode(pointer, path, test);
        FilterNode? Not(FilterTest? test) => test is null ? null : new NotNode(pointer, new FieldNode(pointer, path, test));

        switch (name)
        {
            case "eq":
                return Test(Literal(value, pointer) is { } same ? new EqualTest(same) : null);
            case "ne":
                return Not(Literal(value, pointer) is { } other ? new EqualTest(other) : null);
            case "gt" or "gte" or "lt" or "lte":
                return Test(Comparable(value, pointer) is { } limit ? new CompareTest(name, limit) : null);
            case "in":
                return Test(Values(value, pointer) is { } some ? new InTest(some) : null);
            case "notIn":
                return Not(Values(value, pointer) is { } none ? new InTest(none) : null);
            case "exists":
                if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                    return Wrong(pointer, "true or false is expected.");
                return value.GetBoolean() ? Test(new ExistsTest()) : Not(new ExistsTest());
            case "prefix" or "suffix" or "equalsIgnoreCase":
                return Test(Text(value, pointer) is { } text ? new TextTest(name, text) : null);
            case "like":
                return Test(Text(value, pointer) is { } pattern ? new LikeTest(pattern) : null);
            case "contains":
                return Test(Literal(value, pointer) is { } part ? new ContainsTest(part) : null);
            case "not":
                return Value(path, value, pointer, depth + 1) is { } inner ? new NotNode(pointer, inner) : null;
            default:
                return Wrong(pointer, $"There is no operator '{name}'.", HintFor(name, Operators, null));
        }
    }

    private static FilterNode? All(string pointer, List<FilterNode?> nodes) =>
        nodes.Any(node => node is null) ? null : nodes.Count == 1 ? nodes[0] : new AllNode(pointer, [.. nodes.Select(node => node!)]);

    private FilterLiteral[]? Values(JsonElement list, string pointer)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MaxValues)
        {
            Wrong(pointer, $"A list of 1 to {MaxValues} values is expected.");
            return null;
        }

        var literals = new List<FilterLiteral>();
        var index = 0;
        foreach (var value in list.EnumerateArray())
        {
            if (Literal(value, $"{pointer}/{index++}") is { } literal)
                literals.Add(literal);
        }

        return literals.Count == index ? [.. literals] : null;
    }

    private FilterLiteral? Literal(JsonElement value, string pointer)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString()!.Length > MaxText)
            Wrong(pointer, $"The text is longer than {MaxText} characters.");
        else if (FilterLiteral.Of(value) is { } literal)
            return literal;
        else
            Wrong(pointer, "A text, a number, true, false or null is expected.");
        return null;
    }

    private FilterLiteral? Comparable(JsonElement value, string pointer)
    {
        if (value.ValueKind is JsonValueKind.Number or JsonValueKind.String)
            return Literal(value, pointer);

        Wrong(pointer, "A number, a time or a text is expected.", "1000, or \"2030-01-31T12:00:00Z\".");
        return null;
    }

    private FilterLiteral? Text(JsonElement value, string pointer)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0)
            return Literal(value, pointer);

        Wrong(pointer, "A text with at least one character is expected.");
        return null;
    }

    private static string? HintFor(string name, IReadOnlyCollection<string> known, string? otherwise) =>
        OtherNames.TryGetValue(name, out var ours) && (known.Contains(ours) || ours.Contains('\'', StringComparison.Ordinal)) ? $"Write '{ours}'." : otherwise ?? Suggestion.For(name, known);

    private FilterNode? Wrong(string pointer, string message, string? hint = null)
    {
        issues.Add(new(pointer, message, hint));
        return null;
    }
}
