using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Fuzz;

/// <summary>Changes to the body: its bytes, its JSON, its form.</summary>
internal static partial class BodyMutations
{
    private const int Large = 200_000;

    private static readonly string[] Values =
    [
        "null", "true", "[]", "{}", "\"\"", "0", "-0", "1e400", "-1E-400", "0.1e+5", "1.0", "123456789012345678901234567890", "99999999999999999999999999999999", "1767268800", "1767268800000", "1767268800.123456789",
        "79228162514264337593543950335", "\"2026-01-01T12:00:00+99:99\"", "\"2026-01-01T12:00:00Z\"", "\"0001-01-01T00:00:00+14:00\"", "\"Thu, 01 Jan 2026 12:00:00 GMT\"", "\"\\ud800\"", "\"a\\udc00b\"", "\"\\u0000\"",
        "\"\\ud83d\\ude00\"", "\"{config.secret}\"", "\"../../etc\"", "\"<b>&amp;\"", "\"\\r\\nX: y\"", "[[]]", "[null]", "[{\"id\":1}]", "{\"id\":{\"id\":{}}}", "{\"\\ud800\":1}", "{\"\":\"\"}",
    ];

    private static readonly string[] Members = ["\"\\ud800\":1,", "\"id\":\"other\",", "\"i\\u0064\":\"other\",", "\"\":0,", "\"type\":[],", "\"a\\udfffb\":{},", "\"entry\":[],", "\"created\":1e999,", "\"\\\"\":1,"];

    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("no body", (draft, _, _) => draft.Body = []),
        new("one byte of the body", (draft, dice, _) => OnBytes(draft, bytes => bytes[dice.Below(bytes.Length)] ^= (byte)(1 << dice.Below(8)))),
        new("bytes put in", (draft, dice, _) => Splice(draft, dice.Below(draft.Body.Length + 1), 0, dice.Bytes(1 + dice.Below(8)))),
        new("bytes taken out", (draft, dice, _) => Splice(draft, dice.Below(draft.Body.Length), 1 + dice.Below(16), [])),
        new("the body cut", (draft, dice, _) => Splice(draft, dice.Below(draft.Body.Length), int.MaxValue, [])),
        new("something after it", (draft, dice, _) => draft.Body = Straight.Join(draft.Body, dice.Pick(" ", "\n", "\0", "{}", ",", "//", "]", "}", "\u00a0"))),
        new("a byte order mark", (draft, dice, _) => draft.Body = Straight.Join(dice.Pick<byte[]>([0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xEF, 0xBB], [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF]), draft.Body)),
        new("no UTF-8", (draft, dice, _) => Splice(draft, dice.Below(draft.Body.Length + 1), 0, dice.Pick<byte[]>([0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0x80]))),
        new("white space in the JSON", (draft, dice, _) => At(draft, dice, '{', '[', ',', ':', (text, at) => text.Insert(at + 1, dice.Pick(" ", "\n", "\t", "\r\n", "\u00a0", "/**/")))),
        new("another member", (draft, dice, _) => At(draft, dice, '{', '{', '{', '{', (text, at) => text.Insert(at + 1, dice.PickFrom(Members)))),
        new("another value", (draft, dice, _) => OnText(draft, text => Replace(text, dice, Value(), _ => dice.PickFrom(Values)))),
        new("another number", (draft, dice, _) => OnText(draft, text => Replace(text, dice, Number(), old => dice.Pick(old + "0", "-" + old, old + ".0", old + "e0", "0" + old, old + ".", "." + old, "1e" + old, dice.PickFrom(Values))))),
        new("another name", (draft, dice, _) => OnText(draft, text => Replace(text, dice, Name(), _ => dice.Pick("\"\\ud800\":", "\"id\":", "\"type\":", "\"\":", "\"" + new string('n', 300) + "\":", "\"ID\":")))),
        new("a long text", (draft, dice, _) => OnText(draft, text => Replace(text, dice, Value(), _ => $"\"{string.Concat(Enumerable.Repeat(dice.Pick("a", "é", "😀", "\\u0001", "\\ud83d\\ude00"), dice.Pick(128, 255, 256, 257, 1023, 1024, 1025, 20_000)))}\""))),
        new("depth", (draft, dice, _) => OnText(draft, text => Replace(text, dice, Value(), old => Deep(old, dice.Pick(10, 60, 62, 63, 64, 65, 500, 20_000), dice)))),
        new("all of it deep", (draft, dice, _) => OnText(draft, text => Deep(text, dice.Pick(1, 63, 64, 1000, 50_000), dice))),
        new("a batch of many", (draft, dice, _) => OnText(draft, text => Many(text, dice))),
        new("a batch of something else", (draft, dice, _) => OnText(draft, text => dice.Pick($"[{text}]", $"[[{text}]]", $"{{\"entry\":{text}}}", $"{{\"entry\":[{{\"changes\":{text}}}]}}", "[null,1,\"x\",[],{}]", "[]", "null", "\"text\"", "0"))),
        new("a form's fields in another order", (draft, _, _) => OnText(draft, text => string.Join('&', text.Split('&').Reverse()))),
        new("a form's field twice", (draft, dice, _) => OnText(draft, text => $"{text}&{dice.PickFrom(text.Split('&'))}{dice.Pick("", "x")}")),
        new("a form's escapes", (draft, dice, _) => OnText(draft, text => dice.Pick(text.Replace("+", "%20", StringComparison.Ordinal), text.Replace("a", "%61", StringComparison.Ordinal), text.Replace("%", "%25", StringComparison.Ordinal), text + "%", text + "%f", text + "&%ff=%fe", text.Replace("=", "%3D", StringComparison.Ordinal)))),
        new("a form's border", (draft, dice, _) => OnText(draft, text => Replace(text, dice, Pair(), old => dice.OneIn(2) ? old.Replace("=", "", StringComparison.Ordinal) + "=" : old[..1] + "=" + old[1..].Replace("=", "", StringComparison.Ordinal)))),
        new("a form of thousands", (draft, dice, _) => draft.Text = string.Join('&', Enumerable.Repeat(dice.Pick("a=b", "Body=x", "a", "="), dice.Pick(4095, 4096, 4097, 10_000)))),
        new("JSON as a form", (draft, _, _) => draft.SetHeader("Content-Type", "application/x-www-form-urlencoded")),
        new("all of it again", (draft, _, _) => OnBytes(draft, _ => draft.Body = Straight.Join(draft.Body, draft.Body))),
        new("nothing but noise", (draft, dice, _) => draft.Body = dice.Bytes(dice.Below(200))),
    ];

    private static void OnBytes(Draft draft, Action<byte[]> change)
    {
        if (draft.Body.Length is 0 or > Large)
            return;

        draft.Body = [.. draft.Body];
        change(draft.Body);
    }

    private static void OnText(Draft draft, Func<string, string> change)
    {
        if (draft.Body.Length <= Large)
            draft.Text = change(draft.Text);
    }

    private static void Splice(Draft draft, int at, int remove, byte[] insert)
    {
        var rest = Math.Min(draft.Body.Length, remove > draft.Body.Length ? draft.Body.Length : at + remove);
        draft.Body = [.. draft.Body[..at], .. insert, .. draft.Body[Math.Max(at, rest)..]];
    }

    private static void At(Draft draft, Dice dice, char a, char b, char c, char d, Func<string, int, string> change) => OnText(draft, text =>
    {
        var places = Enumerable.Range(0, Math.Min(text.Length, 4000)).Where(i => text[i] == a || text[i] == b || text[i] == c || text[i] == d).ToList();
        return places.Count == 0 ? text : change(text, dice.PickFrom(places));
    });

    private static string Replace(string text, Dice dice, Regex pattern, Func<string, string> with)
    {
        if (text.Length > 20_000)
            return text;

        var matches = pattern.Matches(text);
        if (matches.Count == 0)
            return text;

        var match = matches[dice.Below(matches.Count)].Groups[1];
        return text[..match.Index] + with(match.Value) + text[(match.Index + match.Length)..];
    }

    private static string Deep(string inner, int depth, Dice dice)
    {
        var (open, close) = dice.Pick(("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]"));
        return new StringBuilder(inner.Length + (depth * 8)).Insert(0, open, depth).Append(inner).Insert(0, "", 0).Append(string.Concat(Enumerable.Repeat(close, depth))).ToString();
    }

    private static string Many(string text, Dice dice)
    {
        var count = dice.OneIn(20) ? dice.Pick(9_999, 10_000, 10_001) : dice.Below(200);
        var items = string.Join(',', Enumerable.Repeat(dice.Pick("{}", "1", "[]", "{\"id\":1}"), count));
        return dice.Pick($"[{items}]", $"{{\"entry\":[{{\"changes\":[{items}]}}]}}", $"{{\"notificationItems\":[{items}]}}", text);
    }

    [GeneratedRegex("[:\\[,]\\s*(\"(?:[^\"\\\\]|\\\\.)*\"|-?[0-9][0-9.eE+-]*|true|false|null)", RegexOptions.CultureInvariant)]
    private static partial Regex Value();

    [GeneratedRegex("[:\\[,](-?[0-9][0-9.eE+-]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex("(\"(?:[^\"\\\\]|\\\\.)*\":)", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex("([^&=]+=[^&]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Pair();
}
