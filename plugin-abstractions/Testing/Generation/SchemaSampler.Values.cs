using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Testing.Generation;

/// <summary>Single values.</summary>
internal sealed partial class SchemaSampler
{
    private static readonly Dictionary<string, string> Formats = new(StringComparer.Ordinal)
    {
        ["date-time"] = "2026-01-31T09:30:00Z", ["date"] = "2026-01-31", ["time"] = "09:30:00Z", ["email"] = "person@example.com", ["hostname"] = "host.example.com",
        ["ipv4"] = "192.0.2.1", ["ipv6"] = "2001:db8::1", ["uri"] = "https://example.com/path", ["uuid"] = "123e4567-e89b-12d3-a456-426614174000", ["byte"] = "aGVsbG8=",
        ["base64"] = "aGVsbG8=",
    };

    private int oddText;

    private string MakeText(JsonObject schema, SampleKind kind)
    {
        var least = (int)Math.Min(schema["minLength"]?.GetValue<long>() ?? 0, 100_000);
        var most = (int)Math.Min(schema["maxLength"]?.GetValue<long>() ?? int.MaxValue, int.MaxValue);
        if (schema["pattern"]?.GetValue<string>() is { } pattern)
            return Patterned(schema, pattern, kind, least, most);

        if (schema["format"]?.GetValue<string>() is { } format && Formats.TryGetValue(format, out var formatted))
            return formatted;

        if (kind is SampleKind.Odd)
        {
            // In turn, not by chance: a few cases must meet them all.
            for (var tries = 0; tries < OddTexts.All.Count; tries++)
                if (OddTexts.All[oddText++ % OddTexts.All.Count] is var odd && odd.Length >= least && odd.Length <= most)
                    return odd;
        }

        if (kind is SampleKind.Random or SampleKind.Odd)
            return (random.Next(4), most) switch
            {
                (0, _) => new string('a', least),
                (1, < 4096) => new string('z', most),
                _ => Sized("text", least, most),
            };

        return Sized(kind is SampleKind.Minimal ? "a" : "text", Math.Max(least, 1), most);
    }

    private string Patterned(JsonObject schema, string pattern, SampleKind kind, int least, int most)
    {
        foreach (var ready in (string?[])[Text(schema["x-placeholder"]), Text(schema["default"])])
            if (kind is SampleKind.Full && ready is { Length: > 0 } && !ready.Contains('…', StringComparison.Ordinal) && ready.Length >= least && ready.Length <= most)
                return ready;

        var extra = kind is SampleKind.Minimal ? 0 : 3;
        string? text = null;
        for (var i = 0; i < 40; i++)
        {
            text = PatternSampler.Sample(pattern, random, extra + (i % 8 * (least > 0 ? Math.Max(1, least / 4) : 1)));
            if (text is not null && text.Length >= least && text.Length <= most && (text.Length > 0 || i > 8))
                return text;
        }

        return text ?? "text";
    }

    private double MakeNumber(JsonObject schema, SampleKind kind, bool whole)
    {
        var step = Number(schema["multipleOf"]) ?? (whole ? 1 : 0.5);
        var least = Number(schema["minimum"]) ?? (Number(schema["exclusiveMinimum"]) is { } above ? above + step : (double?)null);
        var most = Number(schema["maximum"]) ?? (Number(schema["exclusiveMaximum"]) is { } below ? below - step : (double?)null);
        var ordinary = least ?? Math.Min(1, most ?? 1);
        var number = kind switch
        {
            SampleKind.Minimal => ordinary,
            SampleKind.Full => least is null && most is null ? 10 : Math.Min(most ?? ordinary + (9 * step), ordinary + (9 * step)),
            _ => random.Next(4) switch
            {
                0 => least ?? -1,
                1 => most ?? 9_007_199_254_740_991,
                2 => least is null ? 0 : Math.Min(least.Value + step, most ?? double.MaxValue),
                _ => ordinary + Math.Floor(random.Next(100) * Math.Min(1, ((most ?? double.MaxValue) - ordinary) / 100)),
            },
        };
        number = Math.Ceiling(number / step) * step;
        return whole ? Math.Clamp(Math.Truncate(number), -9_007_199_254_740_991, 9_007_199_254_740_991) : number;
    }

    private static string Sized(string text, int least, int most)
    {
        while (text.Length < least)
            text += text;

        return text[..Math.Min(text.Length, Math.Max(least, Math.Min(most, text.Length)))];
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static double? Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : null;
}
