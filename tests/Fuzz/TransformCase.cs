using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events.Routing;

namespace IntegrationHub.Fuzz;

/// <summary>Transformations made at random, of events made at random: refused with reasons, or filled, or not to be filled from this event, which is said without a word of it.</summary>
internal static class TransformCase
{
    public const string Name = "transform";

    private static readonly string[] References =
        ["event.type", "event.data.a", "event.data.a", "event.data.b", "event.data.a.b", "event.data.list", "event.data.list.0", "event.data.list.-1.id", "/type", "/data/a", "/data/list", "/data/list/0/a", "event.subject", "event.data.x.y", "event.data.id"];

    private static readonly string[] OfItems = ["item", "item.a", "item.list", "item.id", "item.b.a"];
    private static readonly string[] OddReferences = ["event.data", "event", "event.nothing", "/data", "/", "params.a", "event.data.é", "/nothing", "event..a", "item", "item.a"];

    private static readonly string[] Pipes =
        ["upper", "lower", "trim", "string", "number", "bool", "json", "default:0", "default:none", "default:event.data.b", "join", "split", "first", "last", "array", "pluck:id", "minor:usd", "major:event.data.a", "iso", "unix", "base64", "xml", "urlencode", "map:a=b,*=c"];

    private static readonly string[] OddPipes = ["nothing", "wrap:v", "wrap:value", "default:", "pluck:", "minor:", "map:", "UPPER"];

    public static CaseResult Run(ulong seed, List<string> steps, ref object? input)
    {
        var dice = new Dice(seed);
        var data = EventDocuments.Make(dice);
        var written = $"{{\"template\":{Node(dice, 0, false)}{dice.Pick("", "", "", ",\"contentType\":\"text/plain\"", ",\"contentType\":\"no type\"", ",\"contentType\":7", ",\"other\":1", ",\"contentType\":null")}}}";
        input = new { transform = FilterCase.Short(written), data = FilterCase.Short(data) };
        if (!FilterCase.TryJson(written, out var transform))
            return new CaseResult { Outcome = "no JSON", Steps = steps, Input = input };

        EventTransform? compiled;
        try
        {
            if (!EventTransform.TryCompile(transform, out compiled, out var issues))
            {
                return issues.Count == 0 || issues.Any(issue => issue.Message.Length == 0 || !issue.Pointer.StartsWith("/transform", StringComparison.Ordinal))
                    ? RequestCase.Fault("not a transformation", "A refusal has no reason or no place.", steps, input)
                    : new CaseResult { Outcome = "not a transformation", Steps = steps, Input = input };
            }
        }
        catch (InvalidOperationException) when (written.Contains("\\ud", StringComparison.OrdinalIgnoreCase))
        {
            // Who takes subscriptions in says so.
            return new CaseResult { Outcome = "not a transformation", Steps = steps, Input = input };
        }

        var envelope = Encoding.UTF8.GetBytes($$"""{"specversion":"1.0","id":"evt_1","type":"acme.a","subject":"s","data":{{data}}}""");
        try
        {
            var sent = compiled.Apply(envelope);
            if (sent.Body.Length > EventTransform.MaxOutput)
                return RequestCase.Fault("transformed", "It is longer than may be sent.", steps, input);
            if (sent.ContentType.Length == 0)
                return RequestCase.Fault("transformed", "It has no type.", steps, input);
            if (sent.ContentType.StartsWith("application/json", StringComparison.Ordinal))
            {
                using var read = JsonDocument.Parse(sent.Body, new JsonDocumentOptions { MaxDepth = 4096 });
            }
            else
            {
                _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(sent.Body);
            }

            var again = compiled.Apply(envelope);
            return again.Body.AsSpan().SequenceEqual(sent.Body)
                ? new CaseResult { Outcome = "transformed", Steps = steps, Input = input }
                : RequestCase.Fault("transformed", "It differs from one time to the next.", steps, input);
        }
        catch (TransformException exception)
        {
            return exception.Message.StartsWith("/transform", StringComparison.Ordinal) && !exception.Message.Contains(EventDocuments.Marker, StringComparison.Ordinal)
                ? new CaseResult { Outcome = "not transformed", Steps = steps, Input = input }
                : RequestCase.Fault("not transformed", $"The reason has no place, or tells of the event: {exception.Message}", steps, input);
        }
    }

    private static string Node(Dice dice, int depth, bool item)
    {
        if (depth > (dice.OneIn(20) ? 40 : 4) || (depth > 0 && dice.OneIn(2)))
            return dice.OneIn(6) ? dice.Pick("1", "null", "true", "[]", "{}", "1e400", "\"\\ud800\"") : JsonSerializer.Serialize(Text(dice, item));
        if (dice.OneIn(4))
            return $"{{\"$each\":{JsonSerializer.Serialize(dice.OneIn(20) ? Text(dice, item) : item ? dice.Pick("{item.list}", "{item}", "{item.a}") : dice.Pick("{event.data.list}", "{/data/list}", "{event.data.a|array}"))},\"$item\":{Node(dice, depth + 1, true)}}}";

        var items = Enumerable.Range(0, dice.Below(dice.OneIn(50) ? 300 : 4)).Select(i => dice.OneIn(50) ? ("same", Node(dice, depth + 1, item)) : ($"{dice.Pick("a", "b", "$each", "é")}{i}", Node(dice, depth + 1, item))).ToList();
        return dice.OneIn(3) ? $"[{string.Join(',', items.Select(item => item.Item2))}]" : $"{{{string.Join(',', items.Select(item => $"\"{item.Item1}\":{item.Item2}"))}}}";
    }

    private static string Text(Dice dice, bool item) => string.Concat(Enumerable.Range(0, 1 + dice.Below(3)).Select(_ => dice.Below(5) switch
    {
        0 => dice.OneIn(20) ? dice.Pick("{", "}") : dice.Pick("text", "{{", "}}", "é😀", ""),
        _ => $"{{{Reference(dice, item)}{string.Concat(Enumerable.Range(0, dice.Below(3)).Select(_ => "|" + (dice.OneIn(40) ? dice.PickFrom(OddPipes) : dice.PickFrom(Pipes))))}}}",
    }));

    private static string Reference(Dice dice, bool item) => dice.OneIn(40) ? dice.PickFrom(OddReferences) : item && dice.OneIn(2) ? dice.PickFrom(OfItems) : dice.PickFrom(References);
}
