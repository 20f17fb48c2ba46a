using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Webhooks;

/// <summary>What must hold of a request. Immutable and thread-safe.</summary>
internal sealed class RequestConditions
{
    private readonly Condition[] conditions;

    /// <exception cref="ArgumentException">A key names no part of a request, or a value is neither a text, a number nor a truth.</exception>
    public RequestConditions(IReadOnlyDictionary<string, JsonElement> when, string where) =>
        conditions = [.. when.Select(pair => Compile(pair.Key, pair.Value, where))];

    public bool Hold(RequestParts request, ConnectionContext connection)
    {
        foreach (var condition in conditions)
        {
            if (!Holds(condition, request, connection))
                return false;
        }

        return true;
    }

    private static bool Holds(Condition condition, RequestParts request, ConnectionContext connection)
    {
        var values = new PartValues { Request = request, Connection = connection, Config = connection.Config };
        if (condition.Present is { } present)
            return present == (condition.Part.FindAmbiguous(request) is not null || condition.Part.Render(values) is not null);

        // A template without a value (an unset token) never holds: nothing must not equal nothing.
        return condition.Part.Render(values) is { } actual
            && condition.Expected!.Render(values) is { Length: > 0 } expected
            && ConstantTime.Equal(actual, expected);
    }

    private static Condition Compile(string key, JsonElement value, string where)
    {
        var part = RequestTemplate.Compile($"{{{key}}}", Part.Content, where);
        return value.ValueKind switch
        {
            JsonValueKind.True => new Condition(part, true, null),
            JsonValueKind.False => new Condition(part, false, null),
            JsonValueKind.String => new Condition(part, null, RequestTemplate.Compile(value.GetString()!, Part.Connection, $"{where}/{key}")),
            JsonValueKind.Number => new Condition(part, null, RequestTemplate.Compile(value.GetRawText(), Part.None, $"{where}/{key}")),
            _ => throw new ArgumentException($"{where}: '{key}' must be a text, a number, true (is present) or false (is absent)."),
        };
    }

    private sealed record Condition(RequestTemplate Part, bool? Present, RequestTemplate? Expected);
}
