using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace IntegrationHub.Testing.Contracts;

/// <summary>What a value on the wire is, before a schema says what it should be.</summary>
internal enum WireKind
{
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,

    /// <summary>Text of a query, a path, a header or a form: a string, a number or a boolean, whichever the schema wants.</summary>
    Text,

    /// <summary>The same name given several times.</summary>
    Repeated,

    /// <summary>Written with brackets, <c>a[b]=c</c>: an object, or an array where all names are numbers or empty.</summary>
    Brackets,

    /// <summary>Bytes.</summary>
    Binary,
}

/// <summary>A value as it goes over the wire. Immutable after it was built.</summary>
internal sealed class WireValue
{
    public required WireKind Kind { get; init; }

    /// <summary>Of a string, text or boolean.</summary>
    public string Text { get; init; } = "";

    /// <summary>Of a number.</summary>
    public JsonElement Number { get; init; }

    public IReadOnlyList<WireValue> Items { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, WireValue>> Members { get; init; } = [];

    /// <summary>Of text: whether one value stands for an array of one, as where repetition makes arrays.</summary>
    public bool IsListOfOne { get; init; }

    /// <summary>Of text: what separates an array's items, or an object's names and values; <c>\0</c> when nothing does.</summary>
    public char Delimiter { get; init; }

    /// <summary>Of text: whether it may be JSON where the schema wants an object or an array, as in a form that describes no other encoding.</summary>
    public bool MayBeJson { get; init; }

    /// <summary>Of bytes: the media type they were declared as.</summary>
    public string? MediaType { get; init; }

    public static WireValue OfText(string text) => new() { Kind = WireKind.Text, Text = text };

    public static WireValue OfArray(IReadOnlyList<WireValue> items) => new() { Kind = WireKind.Array, Items = items };

    public static WireValue OfObject(IReadOnlyList<KeyValuePair<string, WireValue>> members) => new() { Kind = WireKind.Object, Members = members };

    public static WireValue OfJson(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => OfObject([.. element.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, OfJson(member.Value)))]),
        JsonValueKind.Array => OfArray([.. element.EnumerateArray().Select(OfJson)]),
        JsonValueKind.String => new WireValue { Kind = WireKind.String, Text = element.GetString()! },
        JsonValueKind.Number => new WireValue { Kind = WireKind.Number, Number = element, Text = element.GetRawText() },
        JsonValueKind.True or JsonValueKind.False => new WireValue { Kind = WireKind.Boolean, Text = element.GetRawText() },
        _ => new WireValue { Kind = WireKind.Null },
    };

    /// <summary>Parses JSON; <see langword="null"/> and what is wrong when it is none.</summary>
    public static WireValue? TryParseJson(ReadOnlyMemory<byte> json, out string? why)
    {
        why = null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 200 });
            return OfJson(document.RootElement.Clone());
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            why = fault.Message;
            return null;
        }
    }

    /// <summary>Of text: the number it is, by JSON's grammar.</summary>
    public bool TryNumber(out JsonElement number)
    {
        number = Number;
        if (Kind == WireKind.Number)
            return true;

        if (Kind != WireKind.Text || Text.Length is 0 or > 400 || !(char.IsAsciiDigit(Text[0]) || Text[0] == '-'))
            return false;

        try
        {
            using var document = JsonDocument.Parse(Text);
            number = document.RootElement.Clone();
            return number.ValueKind == JsonValueKind.Number && char.IsAsciiDigit(Text[^1]);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>As an array, if it can be one.</summary>
    public bool TryItems([NotNullWhen(true)] out IReadOnlyList<WireValue>? items)
    {
        items = Kind switch
        {
            WireKind.Array or WireKind.Repeated => Items,
            WireKind.Brackets when Members.All(member => member.Key.Length == 0 || member.Key.All(char.IsAsciiDigit)) => [.. Members.Select(member => member.Value)],
            WireKind.Text when Delimiter != '\0' => [.. Text.Split(Delimiter).Select(OfText)],
            WireKind.Text when MayBeJson && Text.StartsWith('[') => Json(WireKind.Array)?.Items,
            WireKind.Text when IsListOfOne => [OfText(Text)],
            _ => null,
        };
        return items is not null;
    }

    /// <summary>As an object, if it can be one.</summary>
    public bool TryMembers([NotNullWhen(true)] out IReadOnlyList<KeyValuePair<string, WireValue>>? members)
    {
        members = Kind switch
        {
            WireKind.Object or WireKind.Brackets => Members,
            WireKind.Text when MayBeJson && Text.StartsWith('{') => Json(WireKind.Object)?.Members,
            WireKind.Text when Delimiter != '\0' && Text.Split(Delimiter) is { Length: > 1 } parts && parts.Length % 2 == 0 =>
                [.. parts.Chunk(2).Select(pair => KeyValuePair.Create(pair[0], OfText(pair[1])))],
            _ => null,
        };
        return members is not null;
    }

    /// <summary>Whether it equals a value of a schema (<c>enum</c>, <c>const</c>). Text equals whatever is written the same.</summary>
    public bool Equals(JsonElement other)
    {
        switch (other.ValueKind)
        {
            case JsonValueKind.Null:
                return Kind == WireKind.Null || (Kind == WireKind.Text && Text.Length == 0);
            case JsonValueKind.String:
                return Kind is WireKind.String or WireKind.Text && Text == other.GetString();
            case JsonValueKind.True or JsonValueKind.False:
                return Kind is WireKind.Boolean or WireKind.Text && Text == other.GetRawText();
            case JsonValueKind.Number:
                return TryNumber(out var number) && Schemas.JsonNumber.Compare(number, other) == 0;
            case JsonValueKind.Array:
                return TryItems(out var items) && items.Count == other.GetArrayLength() && items.Zip(other.EnumerateArray()).All(pair => pair.First.Equals(pair.Second));
            default:
                return TryMembers(out var members) && members.Count == other.EnumerateObject().Count()
                    && members.All(member => other.TryGetProperty(member.Key, out var value) && member.Value.Equals(value));
        }
    }

    /// <summary>A text that is the same for equal values, for <c>uniqueItems</c>.</summary>
    public string Key() => Kind switch
    {
        WireKind.Array or WireKind.Repeated => "[" + string.Join(',', Items.Select(item => item.Key())) + "]",
        WireKind.Object or WireKind.Brackets => "{" + string.Join(',', Members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key.Length}:{m.Key}={m.Value.Key()}")) + "}",
        WireKind.Number => "n" + (Number.TryGetDecimal(out var exact) ? exact.ToString("0.############################", System.Globalization.CultureInfo.InvariantCulture) : Text),
        _ => $"{(int)Kind}{Text.Length}:{Text}",
    };

    private WireValue? Json(WireKind kind) => TryParseJson(System.Text.Encoding.UTF8.GetBytes(Text), out _) is { } value && value.Kind == kind ? value : null;
}
