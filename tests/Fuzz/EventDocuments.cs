using System.Text;

namespace IntegrationHub.Fuzz;

/// <summary>JSON at random, as the payload of an event, made of few names and values so that what looks for them finds them.</summary>
internal static class EventDocuments
{
    /// <summary>Stands in texts of events; no message for people may repeat it.</summary>
    public const string Marker = "pr1vate";

    public static readonly string[] Names = ["a", "a", "a", "b", "list", "list", "id", "é", "x.y", "a/b", "", "0"];

    public static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-0", "1", "1.0", "10", "10.50", "1e1", "1e400", "-1e400", "0.1", "79228162514264337593543950336", "123456789012345678901234567890.5", "1767268800", "1767268800000", "1e-320",
        "\"\"", "\"a\"", "\"A\"", "\"ab\"", "\"abc\"", "\"usd\"", "\"é😀\"", "\"É\"", "\"\\u00e9\\ud83d\\ude00\"", "\"\\u0061\"", "\"\\ud800\"", "\"a\\udc00\"", "\"10\"", "\"true\"", "\"null\"", "\"a*c\"", "\"\\u0000\"",
        "\"2026-01-01\"", "\"2026-01-01T12:00:00Z\"", "\"2026-01-01T13:00:00+01:00\"", "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"2026-13-45T99:99:99Z\"", "\"" + Marker + "\"",
    ];

    public static string Make(Dice dice)
    {
        if (dice.OneIn(60))
            return Long(dice);
        return dice.OneIn(60) ? Deep(dice) : Value(dice, 0);
    }

    private static string Value(Dice dice, int depth)
    {
        if (depth > 4 || (depth > 0 && dice.OneIn(2)))
            return dice.PickFrom(Scalars);

        var text = new StringBuilder();
        var count = depth == 0 ? 2 + dice.Below(4) : dice.Below(5);
        if (depth > 0 && dice.OneIn(2))
        {
            for (var i = 0; i < count; i++)
                text.Append(i > 0 ? "," : "").Append(Value(dice, depth + 1));
            return $"[{text}]";
        }

        for (var i = 0; i < count; i++)
            text.Append(i > 0 ? "," : "").Append('"').Append(dice.OneIn(40) ? dice.Pick("\\ud800", "\\u0061", "\\\"") : dice.PickFrom(Names)).Append("\":").Append(Value(dice, depth + 1));
        return $"{{{text}}}";
    }

    private static string Long(Dice dice)
    {
        var item = dice.PickFrom(Scalars);
        return $"{{\"list\":[{string.Join(',', Enumerable.Repeat(dice.OneIn(2) ? $"{{\"a\":{item}}}" : item, dice.Pick(100, 5_000, 60_000)))}],\"a\":\"{new string('a', dice.Pick(10, 10_000))}\"}}";
    }

    private static string Deep(Dice dice)
    {
        var depth = dice.Pick(10, 62, 63, 64, 65, 500);
        var (open, close) = dice.Pick(("[", "]"), ("{\"a\":", "}"));
        return $"{{\"a\":{string.Concat(Enumerable.Repeat(open, depth))}{dice.PickFrom(Scalars)}{string.Concat(Enumerable.Repeat(close, depth))}}}";
    }
}
