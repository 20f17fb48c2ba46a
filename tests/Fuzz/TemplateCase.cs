using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Templates;

namespace IntegrationHub.Fuzz;

/// <summary>Templates made at random over values made at random: whatever is wrong with them is said by <see cref="TemplateException"/>.</summary>
internal static class TemplateCase
{
    public const string Name = "template";

    private static readonly string[] Pipes =
    [
        "lower", "upper", "trim", "prefix:x-", "suffix:-y", "map:a=b,*=c", "map:a=b,*=*", "map:true=yes", "default:0", "default:[]", "default:{\"a\":1}", "default:params.b", "default:text", "string", "number", "bool", "json",
        "base64", "base64url", "xml", "urlencode", "path", "minor:usd", "minor:JPY", "minor:params.currency", "minor:params.none?", "minor:params.currency,ISK=2", "major:KWD", "major:params.currency", "major:usd,USD=9",
        "iso", "unix", "unixms", "split", "split:;", "split: ", "join", "join:, ", "first", "last", "array", "pluck:id", "pluck:", "wrap:value", "with:name=params.b", "with:name=/a/b", "nothing", "map:", "default:", ":", "LOWER", "minor:",
    ];

    private static readonly string[] References =
    [
        "params.a", "params.b.c", "params.list", "params.list.0.id", "params.list.-1", "params.currency", "params", "config.secret", "/a", "/a/b", "/", "", "/list/0", "/list/-1/id", "/a~1b", "/~0", "item.id", "item", "header.x-ID", "query.hub.mode",
        "none.at.all", "params..a", ".", "params.a.b.c.d.e.f.g", "_x", "params.99999999999",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-0", "12.50", "1e3", "1e400", "-79228162514264337593543950335", "99999999999999999999999999999999", "0.00000000000000000000000000001", "1767268800", "1767268800000", "-62135596801", "253402300800",
        "\"\"", "\" a \"", "\"a\"", "\"usd\"", "\"JPY\"", "\"XYZ\"", "\"é😀\"", "\"\\ud800\"", "\"a\\udc00\"", "\"\\u0000\"", "\"yes\"", "\"12.50\"", "\"1e9\"", "\"2026-01-01T12:00:00Z\"", "\"0001-01-01T00:00:00+14:00\"", "\"{params.a}\"",
        "[]", "[1,2]", "[null]", "[[],{}]", "[{\"id\":1},{\"id\":\"\\ud800\"},3]", "[\"\\udfff\"]", "{}", "{\"id\":7,\"\\ud800\":1}", "{\"a\":{\"b\":[1]}}", "{\"c\":{\"c\":\"deep\"}}", "{\"hub.mode\":\"x\",\"hub\":{\"mode\":\"y\"}}",
    ];

    public static CaseResult Run(ulong seed, List<string> steps, ref object? input)
    {
        var dice = new Dice(seed);
        var source = dice.OneIn(3) ? Object(dice, 0) : Text(dice);
        var scope = Scope(dice, out var roots);
        input = new { template = source.Length > 4000 ? source[..4000] : source, roots };

        Template compiled;
        try
        {
            compiled = source.StartsWith('{') && TryJson(source, out var json) ? Template.Compile(json) : Template.Compile(source);
        }
        catch (TemplateException)
        {
            return new CaseResult { Outcome = "not a template", Steps = steps, Input = input };
        }

        var outcome = "rendered";
        try
        {
            compiled.RenderText(scope);
        }
        catch (TemplateException exception)
        {
            outcome = "refused";
            if (exception.Message.Length == 0)
                return RequestCase.Fault(outcome, "The refusal has no reason.", steps, input);
        }

        JsonNode? node;
        try
        {
            if (!compiled.TryRender(scope, out node))
                return new CaseResult { Outcome = "missing", Steps = steps, Input = input };
        }
        catch (TemplateException)
        {
            return new CaseResult { Outcome = "refused", Steps = steps, Input = input };
        }

        // What was rendered is sent: writing it must work, and give JSON.
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            if (node is null)
                writer.WriteNullValue();
            else
                node.WriteTo(writer);
        }

        using var again = JsonDocument.Parse(stream.ToArray(), new JsonDocumentOptions { MaxDepth = 1000 });
        return new CaseResult { Outcome = outcome, Steps = steps, Input = input };
    }

    private static string Text(Dice dice)
    {
        var text = new StringBuilder();
        for (var part = dice.Below(4); part >= 0; part--)
            text.Append(dice.Below(6) switch
            {
                0 => dice.Pick("literal", "{{", "}}", "{", "}", "{ a }", "\"", "\\", "é😀", "\ud800", "|", ":"),
                1 => dice.Pick("{params", "{|", "{}", "{params.a|}", "{params.a||lower}", "{{params.a}}", "{/", "{a b}", "{params.a|default:{x}}"),
                _ => Placeholder(dice),
            });

        return dice.OneIn(30) ? string.Concat(Enumerable.Repeat(text.ToString(), 500)) : text.ToString();
    }

    private static string Placeholder(Dice dice)
    {
        var pipes = Enumerable.Range(0, dice.OneIn(50) ? 200 : dice.Below(4)).Select(_ => "|" + dice.PickFrom(Pipes));
        return $"{{{dice.PickFrom(References)}{string.Concat(pipes)}}}";
    }

    private static string Object(Dice dice, int depth)
    {
        if (depth > 5 || dice.OneIn(3))
            return dice.OneIn(3) ? dice.Pick("1", "null", "[]", "{}", "true") : JsonSerializer.Serialize(Text(dice));
        if (dice.OneIn(4))
            return $"{{\"$each\":{Object(dice, depth + 1)},\"$item\":{Object(dice, depth + 1)}}}";

        var items = Enumerable.Range(0, dice.Below(4)).ToList();
        return dice.OneIn(4)
            ? $"[{string.Join(',', items.Select(_ => Object(dice, depth + 1)))}]"
            : $"{{{string.Join(',', items.Select(i => $"\"{dice.Pick("a", "b", "$each", "$item", "é", "same")}{(dice.OneIn(3) ? "" : i)}\":{Object(dice, depth + 1)}"))}}}";
    }

    private static TemplateScope Scope(Dice dice, out Dictionary<string, string> roots)
    {
        roots = [];
        var scope = new TemplateScope();
        foreach (var root in (string[])["params", "config", "", "item", "header", "query"])
        {
            if (dice.OneIn(5))
                continue;

            var value = dice.OneIn(6)
                ? dice.PickFrom(Values)
                : $$"""{"a":{{dice.PickFrom(Values)}},"b":{{dice.PickFrom(Values)}},"currency":{{dice.PickFrom(Values)}},"list":{{dice.PickFrom(Values)}},"X-Id":{{dice.PickFrom(Values)}}{{dice.Pick("", ",\"\\ud800\":1", ",\"a\":2")}}}""";
            roots[root] = value;
            scope.Set(root, JsonDocument.Parse(value).RootElement);
        }

        return scope;
    }

    private static bool TryJson(string text, out JsonElement json)
    {
        try
        {
            json = JsonDocument.Parse(text).RootElement;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            json = default;
            return false;
        }
    }
}
