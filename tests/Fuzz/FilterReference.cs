using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events.Routing;

namespace IntegrationHub.Fuzz;

/// <summary>Filters as <c>docs/subscriptions.md</c> explains them, the straight way: slow, without limits, and without anything of the hub's but the names of the attributes.</summary>
internal sealed class FilterReference(Func<EventAttribute, string?> attributes, JsonElement data)
{
    private const double FirstMilliseconds = 100_000_000_000;

    public static JsonDocument? Read(string text)
    {
        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 2048 });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public bool Holds(JsonElement condition) => condition.EnumerateObject().All(member => member.Name switch
    {
        "and" => member.Value.EnumerateArray().All(Holds),
        "or" => member.Value.EnumerateArray().Any(Holds),
        "not" => !Holds(member.Value),
        _ => Value(member.Name, member.Value),
    });

    private bool Value(string pointer, JsonElement wanted) => wanted.ValueKind switch
    {
        JsonValueKind.Array => Any(pointer, value => wanted.EnumerateArray().Any(one => Same(value, one))),
        JsonValueKind.Object => wanted.EnumerateObject().All(member => Operator(pointer, member.Name, member.Value)),
        _ => Any(pointer, value => Same(value, wanted)),
    };

    private bool Operator(string pointer, string name, JsonElement wanted) => name switch
    {
        "eq" => Any(pointer, value => Same(value, wanted)),
        "ne" => !Any(pointer, value => Same(value, wanted)),
        "in" => Any(pointer, value => wanted.EnumerateArray().Any(one => Same(value, one))),
        "notIn" => !Any(pointer, value => wanted.EnumerateArray().Any(one => Same(value, one))),
        "exists" => wanted.GetBoolean() == Any(pointer, _ => true, lists: true),
        "not" => !Value(pointer, wanted),
        "contains" => Any(pointer, value => Contains(value, wanted), lists: true),
        "prefix" => Any(pointer, value => Text(value) is { } text && text.StartsWith(wanted.GetString()!, StringComparison.Ordinal)),
        "suffix" => Any(pointer, value => Text(value) is { } text && text.EndsWith(wanted.GetString()!, StringComparison.Ordinal)),
        "equalsIgnoreCase" => Any(pointer, value => Text(value) is { } text && text.Equals(wanted.GetString(), StringComparison.OrdinalIgnoreCase)),
        "like" => Any(pointer, value => Text(value) is { } text && Like(wanted.GetString()!, text)),
        _ => Any(pointer, value => Compare(value, wanted) is { } order && name switch { "gt" => order > 0, "gte" => order >= 0, "lt" => order < 0, _ => order <= 0 }),
    };

    /// <param name="pointer">Where to look.</param>
    /// <param name="test">Whether a value is what is wanted.</param>
    /// <param name="lists">Whether a list is a value to the test as well as its elements, or instead of them.</param>
    private bool Any(string pointer, Func<JsonElement, bool> test, bool lists = false)
    {
        var parts = pointer[1..].Split('/').Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
        if (parts[0] == "data")
            return Walk(data, parts.AsSpan(1), test, lists);

        var attribute = Enum.GetValues<EventAttribute>().First(one => one.ToString().Equals(parts[0], StringComparison.OrdinalIgnoreCase));
        return attributes(attribute) is { } text && test(JsonSerializer.SerializeToElement(text));
    }

    private static bool Walk(JsonElement value, ReadOnlySpan<string> rest, Func<JsonElement, bool> test, bool lists)
    {
        if (rest.Length == 0)
        {
            if (test(value))
                return true;
            if (lists || value.ValueKind != JsonValueKind.Array)
                return false;

            foreach (var element in value.EnumerateArray())
            {
                if (Walk(element, rest, test, lists))
                    return true;
            }

            return false;
        }

        if (value.ValueKind == JsonValueKind.Object)
            return Straight.Member(value, rest[0]) is { } member && Walk(member, rest[1..], test, lists);
        if (value.ValueKind != JsonValueKind.Array)
            return false;

        if (rest[0] == "-1" || (rest[0].Length > 0 && rest[0].All(char.IsAsciiDigit)))
        {
            var place = rest[0] == "-1" ? value.GetArrayLength() - 1 : long.Parse(rest[0], CultureInfo.InvariantCulture);
            return place >= 0 && place < value.GetArrayLength() && Walk(value[(int)place], rest[1..], test, lists);
        }

        foreach (var element in value.EnumerateArray())
        {
            if (Walk(element, rest, test, lists))
                return true;
        }

        return false;
    }

    private static bool Contains(JsonElement value, JsonElement wanted) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Any(element => Same(element, wanted))
        : wanted.ValueKind == JsonValueKind.String && Text(value) is { } text && text.Contains(wanted.GetString()!, StringComparison.Ordinal);

    private static bool Same(JsonElement value, JsonElement wanted) => value.ValueKind == wanted.ValueKind && value.ValueKind switch
    {
        JsonValueKind.String => Text(value) is { } text && text == wanted.GetString(),
        JsonValueKind.Number => Number(value, wanted) == 0,
        JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null => true,
        _ => false,
    };

    private static int? Compare(JsonElement value, JsonElement wanted)
    {
        if (wanted.ValueKind == JsonValueKind.Number)
            return value.ValueKind == JsonValueKind.Number ? Number(value, wanted) : null;
        if (Time(wanted) is { } limit)
            return Time(value) is { } time ? time.CompareTo(limit) : null;

        // By code point, which is the order of the bytes of UTF-8.
        return Text(value) is { } text ? Encoding.UTF8.GetBytes(text).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(wanted.GetString()!)) : null;
    }

    private static int? Number(JsonElement left, JsonElement right) => left.TryGetDecimal(out var exact) && right.TryGetDecimal(out var other) ? exact.CompareTo(other)
        : left.TryGetDouble(out var number) && right.TryGetDouble(out var wanted) ? number.CompareTo(wanted) : null;

    private static DateTimeOffset? Time(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            if (!value.TryGetDouble(out var number))
                return null;

            var milliseconds = Math.Abs(number) >= FirstMilliseconds ? number : number * 1000;
            return milliseconds is > -62_135_596_800_000 and < 253_402_300_800_000 ? DateTimeOffset.UnixEpoch.AddTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond)) : null;
        }

        return Text(value) is { Length: >= 10 and <= 40 } text && char.IsAsciiDigit(text[0]) && text[4] == '-' && text[7] == '-'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
    }

    private static bool Like(string pattern, string text)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
            return text == pattern;
        if (!text.StartsWith(parts[0], StringComparison.Ordinal))
            return false;

        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            var found = text.IndexOf(part, at, StringComparison.Ordinal);
            if (found < 0)
                return false;

            at = found + part.Length;
        }

        return text.Length - at >= parts[^1].Length && text.EndsWith(parts[^1], StringComparison.Ordinal);
    }

    /// <summary>A text; what has half a surrogate pair in it is none.</summary>
    private static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
