using System.Text;
using System.Text.Json;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>A plain value that stands in a filter. Immutable.</summary>
internal sealed class FilterLiteral
{
    private readonly JsonValueKind kind;
    private readonly string text = "";
    private readonly byte[] utf8 = [];
    private readonly decimal? exact;
    private readonly double number;

    private FilterLiteral(JsonElement value)
    {
        kind = value.ValueKind;
        Shown = value.GetRawText();
        if (kind == JsonValueKind.String)
        {
            text = value.GetString()!;
            utf8 = Encoding.UTF8.GetBytes(text);
            Time = FieldValue.TryParseTime(text, out var time) ? time : null;
        }
        else if (kind == JsonValueKind.Number)
        {
            exact = value.TryGetDecimal(out var found) ? found : null;
            number = value.GetDouble();
        }
    }

    public JsonValueKind Kind => kind;

    public string Text => text;

    public ReadOnlySpan<byte> Utf8 => utf8;

    /// <summary>The time that it is, when it is one.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>As it was written.</summary>
    public string Shown { get; }

    /// <summary>Text, number, boolean or null; <see langword="null"/> for anything else, or a number that is none to a computer.</summary>
    public static FilterLiteral? Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null => new FilterLiteral(value),
        JsonValueKind.Number when value.TryGetDouble(out var number) && double.IsFinite(number) => new FilterLiteral(value),
        _ => null,
    };

    /// <summary>Whether the value is the same: numbers by their value, texts character by character.</summary>
    public bool Equals(in FieldValue value) => value.Kind == kind && kind switch
    {
        JsonValueKind.String => value.TextEquals(text, utf8),
        JsonValueKind.Number => CompareNumber(value.Element) == 0,
        _ => true,
    };

    /// <summary>How the value compares to this; <see langword="null"/> when the two cannot be compared.</summary>
    public int? Compare(in FieldValue value)
    {
        if (kind == JsonValueKind.Number)
            return value.Kind == JsonValueKind.Number ? CompareNumber(value.Element) : null;
        if (Time is { } time)
            return value.TryGetTime(out var other) ? other.CompareTo(time) : null;
        if (value.Kind != JsonValueKind.String)
            return null;

        return value.TryGetUtf8(out var bytes) ? bytes.SequenceCompareTo(utf8) : Encoding.UTF8.GetBytes(value.Text).AsSpan().SequenceCompareTo(utf8);
    }

    private int? CompareNumber(JsonElement value)
    {
        if (exact is { } mine && value.TryGetDecimal(out var other))
            return other.CompareTo(mine);

        return value.TryGetDouble(out var inexact) ? inexact.CompareTo(number) : null;
    }
}
