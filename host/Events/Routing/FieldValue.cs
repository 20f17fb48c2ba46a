using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>A value of an event: an attribute's text, or a JSON value of the data.</summary>
internal readonly struct FieldValue
{
    private const double FirstMilliseconds = 100_000_000_000;

    private readonly JsonElement element;
    private readonly string? text;

    public FieldValue(string text) => this.text = text;

    public FieldValue(JsonElement element) => this.element = element;

    public JsonValueKind Kind => text is not null ? JsonValueKind.String : element.ValueKind;

    public JsonElement Element => element;

    /// <summary>How long it is, in about bytes.</summary>
    public int Size => text?.Length ?? JsonMarshal.GetRawUtf8Value(element).Length;

    /// <exception cref="InvalidOperationException">It is no text, or one with half a surrogate pair.</exception>
    public string Text => text ?? element.GetString()!;

    public bool TextEquals(string other, ReadOnlySpan<byte> otherUtf8) =>
        text is not null ? text == other : element.ValueKind == JsonValueKind.String && element.ValueEquals(otherUtf8);

    /// <summary>The text's UTF-8 as it stands in the document, without a copy; <see langword="false"/> when it is none, or has escapes in it.</summary>
    public bool TryGetUtf8(out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        if (text is not null || element.ValueKind != JsonValueKind.String)
            return false;

        utf8 = JsonMarshal.GetRawUtf8Value(element)[1..^1];
        return !utf8.Contains((byte)'\\');
    }

    /// <summary>A time: an ISO 8601 text (UTC unless it says otherwise), or Unix seconds or milliseconds.</summary>
    public bool TryGetTime(out DateTimeOffset time)
    {
        time = default;
        if (Kind == JsonValueKind.String)
            return TryParseTime(Text, out time);
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetDouble(out var number))
            return false;

        var milliseconds = Math.Abs(number) >= FirstMilliseconds ? number : number * 1000;
        if (milliseconds is not (> -62_135_596_800_000 and < 253_402_300_800_000))
            return false;

        time = DateTimeOffset.UnixEpoch.AddTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond));
        return true;
    }

    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        time = default;

        // Only what begins as a full date: "2" or "May" is a time to the parser as well.
        return text.Length is >= 10 and <= 40 && text[4] == '-' && text[7] == '-' && char.IsAsciiDigit(text[0])
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    /// <summary>For people, cut short.</summary>
    public string Show(int most = 120)
    {
        var shown = text is not null ? $"\"{text}\"" : Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element));
        return shown.Length <= most ? shown : string.Concat(shown.AsSpan(0, most), "…");
    }
}
