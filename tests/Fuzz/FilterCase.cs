using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Fuzz;

/// <summary>Filters of subscriptions made at random, over events made at random: compiled or refused with reasons, evaluated as the documentation says, explained when they do not hold.</summary>
internal sealed class FilterCase
{
    public const string Name = "filter";

    private static readonly string[] Attributes = ["/id", "/type", "/subject", "/source", "/time", "/provider", "/environment", "/project", "/providereventid", "/correlationid", "/specversion", "/datacontenttype"];
    private static readonly string[] Odd = ["/nothing", "data", "", "/", "/type/x", "/data/~2", "$and", "all", "/Data/a", "/data/\\ud800"];

    private readonly Dice dice;
    private readonly string[] present;

    private FilterCase(Dice dice, string data) => (this.dice, present) = (dice, [.. EventDocuments.Scalars.Where(scalar => data.Contains(scalar, StringComparison.Ordinal)), "\"a\""]);

    public static CaseResult Run(ulong seed, List<string> steps, ref object? input)
    {
        var dice = new Dice(seed);
        var data = EventDocuments.Make(dice);
        var filter = new FilterCase(dice, data).Condition(0);
        input = new { filter = Short(filter), data = Short(data) };
        if (!TryJson(filter, out var written))
            return new CaseResult { Outcome = "no JSON", Steps = steps, Input = input };

        var route = Compile(written, dice.OneIn(4) ? dice.Pick("subject", "/data/a", "/data/list/0", "/type", "/data", "/nothing", "") : null, out var issues);
        if (route is null)
        {
            var pointless = issues.FirstOrDefault(issue => issue.Message.Length == 0 || !(issue.Pointer.StartsWith("/filter", StringComparison.Ordinal) || issue.Pointer == "/orderBy"));
            return issues.Count == 0 || pointless is not null
                ? RequestCase.Fault("not a filter", "A refusal has no reason or no place.", steps, input)
                : new CaseResult { Outcome = "not a filter", Steps = steps, Input = input };
        }

        var made = Event(dice, data);
        using var fields = new EventFields(made, NoSealer.Instance);
        EventFields? own = fields;
        var holds = route.Passes(made, NoSealer.Instance, ref own);
        if (route.Explain(fields) is var reasons && holds != (reasons.Count == 0))
            return RequestCase.Fault("filtered", "What is explained is not what was decided.", steps, input);

        route.OrderKeyOf(made, NoSealer.Instance, ref own);
        route.OrderValueOf(fields);
        var document = FilterReference.Read(data);
        if (document is null)
            return new CaseResult { Outcome = "unreadable", Steps = steps, Input = input };

        using (document)
        {
            // What takes too many steps passes; the reference takes as many as it needs.
            if (data.Length < 5_000 && new FilterReference(fields.Attribute, document.RootElement).Holds(written) != holds)
                return RequestCase.Fault("filtered", $"By the documentation it {(holds ? "does not hold" : "holds")}.", steps, input);
        }

        // The opposite is decided the other way, unless either was given up on.
        if (data.Length < 5_000 && TryJson($"{{\"not\":{filter}}}", out var opposite) && Compile(opposite, null, out _) is { } not && not.Passes(made, NoSealer.Instance, ref own) == holds)
            return RequestCase.Fault("filtered", "The opposite is decided the same way.", steps, input);

        return new CaseResult { Outcome = holds ? "filter passes" : "filter holds back", Steps = steps, Input = input };
    }

    private static EventRoute? Compile(JsonElement filter, string? orderBy, out IReadOnlyList<Schemas.ValidationIssue> issues) => EventRoute.TryCompile(
        new Subscription
        {
            Id = "sub_1", Project = "shop", Pattern = "**", TargetKind = "webhook", Url = "https://example.com/", SealedSecret = [], WrappedKey = [], MasterKeyId = "",
            CreatedAt = Draft.Now, UpdatedAt = Draft.Now, Settings = new SubscriptionSettings { Filter = filter, OrderBy = orderBy },
        },
        out issues);

    private static HubEvent Event(Dice dice, string data) => new()
    {
        Id = "evt_1", Provider = "acme", Project = "shop", Environment = dice.Pick("prod", "dev"), Type = dice.Pick("acme.order.paid", "acme.a"), Subject = dice.Pick(null, "", "a", "é😀", "usd"),
        ProviderEventId = "abc", Time = Draft.Now, ReceivedAt = Draft.Now, CorrelationId = "req_1", PlainData = Encoding.UTF8.GetBytes(data),
    };

    private string Condition(int depth)
    {
        if (dice.OneIn(80))
            return dice.Pick("null", "[]", "\"text\"", "{}", "{\"and\":{}}", "{\"or\":[]}", "{\"not\":null}", "{\"/data\":{}}");

        var members = Enumerable.Range(0, 1 + dice.Below(dice.OneIn(40) ? 120 : 3)).Select(_ => dice.Below(depth > 3 ? 4 : 8) switch
        {
            4 => $"\"and\":[{Conditions(depth)}]",
            5 => $"\"or\":[{Conditions(depth)}]",
            6 or 7 when depth <= (dice.OneIn(10) ? 12 : 4) => $"\"not\":{Condition(depth + 1)}",
            _ => $"\"{Pointer()}\":{Wanted(0)}",
        });
        return $"{{{string.Join(',', members)}}}";
    }

    private string Conditions(int depth) => string.Join(',', Enumerable.Range(0, 1 + dice.Below(3)).Select(_ => Condition(depth + 1)));

    private string Pointer()
    {
        if (dice.OneIn(60))
            return dice.PickFrom(Odd);
        if (dice.OneIn(4))
            return dice.PickFrom(Attributes);

        return "/data" + string.Concat(Enumerable.Range(0, dice.Below(dice.OneIn(50) ? 40 : 3)).Select(_ => "/" + dice.Pick("-1", "0", "1", "a", "a", "a", "b", "list", "list", "id", "é", "x.y", "a~1b", "")));
    }

    /// <summary>A value that the event has, every other time.</summary>
    private string Scalar()
    {
        var value = dice.OneIn(2) ? dice.PickFrom(present) : dice.PickFrom(EventDocuments.Scalars);
        return dice.OneIn(40) || !(value.EndsWith("e400", StringComparison.Ordinal) || value.Contains("\\ud800", StringComparison.Ordinal) || value.Contains("\\udc00", StringComparison.Ordinal)) ? value : "\"a\"";
    }

    private string Wanted(int depth)
    {
        var value = Scalar();
        return dice.Below(4) switch
        {
            0 => value,
            1 => $"[{string.Join(',', Enumerable.Range(0, dice.OneIn(60) ? 600 : 1 + dice.Below(4)).Select(_ => Scalar()))}]",
            _ => $"{{{string.Join(',', Enumerable.Range(0, 1 + dice.Below(2)).Select(_ => Operator(depth)))}}}",
        };
    }

    private string Operator(int depth)
    {
        var value = Scalar();
        var text = dice.OneIn(30) ? value : present.Where(one => one.Length > 2 && one[0] == '"').DefaultIfEmpty("\"a\"").ToArray() is var texts ? dice.PickFrom(texts) : value;
        var comparable = dice.OneIn(30) || value is not ("null" or "true" or "false") ? value : text;
        return dice.Below(14) switch
        {
            0 => $"\"exists\":{(dice.OneIn(30) ? "1" : dice.Pick("true", "false"))}",
            1 => $"\"in\":[{value},{Scalar()}]",
            2 => $"\"notIn\":[{value}]",
            3 when depth < 6 => $"\"not\":{Wanted(depth + 1)}",
            4 or 5 => $"\"{dice.Pick("prefix", "suffix")}\":{dice.Pick("\"a\"", "\"ab\"", "\"c\"", "\"é\"", text)}",
            6 => $"\"contains\":{value}",
            7 => $"\"like\":{dice.Pick("\"a*\"", "\"*c\"", "\"a*b*c\"", "\"***\"", "\"*é*\"", "\"a?*\"", text)}",
            8 => $"\"equalsIgnoreCase\":{text}",
            9 => $"\"{dice.Pick("eq", "ne")}\":{value}",
            10 when dice.OneIn(10) => $"\"{dice.Pick("$gt", "startsWith", "Eq", "\\ud800")}\":{value}",
            _ => $"\"{dice.Pick("gt", "gte", "lt", "lte")}\":{comparable}",
        };
    }

    internal static bool TryJson(string text, out JsonElement json)
    {
        json = default;
        try
        {
            using var document = JsonDocument.Parse(text);
            json = document.RootElement.Clone();
            return true;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return false;
        }
    }

    internal static string Short(string text) => text.Length > 3000 ? text[..3000] + "…" : text;

    private sealed class NoSealer : IPayloadSealer
    {
        public static readonly NoSealer Instance = new();

        public byte[] Seal(ReadOnlySpan<byte> plaintext, string context) => throw new NotSupportedException();

        public byte[] Open(ReadOnlySpan<byte> sealedPayload, string context) => throw new NotSupportedException();
    }
}
