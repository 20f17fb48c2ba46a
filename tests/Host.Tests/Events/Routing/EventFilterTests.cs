using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events.Routing;

public sealed class EventFilterTests
{
    private const string Data = """
        { "amount": 1050, "price": 10.50, "big": 123456789012345678901234567890, "currency": "usd", "live": true, "note": null, "created": 1767225600, "at": "2026-01-01T02:00:00+02:00",
          "tags": ["new", "vip"], "numbers": [1, 2, 3], "customer": { "email": "Ada@Example.com", "a/b": "slash", "name": "Zoë \u00e9t\u00e9" },
          "lines": [ { "sku": "A-1", "qty": 1, "options": [ { "size": "s" } ] }, { "sku": "B-2", "qty": 7, "options": [ { "size": "m" }, { "size": "l" } ] } ], "empty": [], "lone": "\ud800x", "odd": { "x": 1, "\ud800": 2 }, "oddTexts": ["a\udc00", "b"] }
        """;

    [Theory]
    // Equality.
    [InlineData("""{ "/data/currency": "usd" }""", true)]
    [InlineData("""{ "/data/currency": "USD" }""", false)]
    [InlineData("""{ "/data/amount": 1050 }""", true)]
    [InlineData("""{ "/data/amount": 1050.0 }""", true)]
    [InlineData("""{ "/data/amount": "1050" }""", false)]
    [InlineData("""{ "/data/price": 10.5 }""", true)]
    [InlineData("""{ "/data/big": 123456789012345678901234567890 }""", true)]
    [InlineData("""{ "/data/live": true }""", true)]
    [InlineData("""{ "/data/live": false }""", false)]
    [InlineData("""{ "/data/note": null }""", true)]
    [InlineData("""{ "/data/missing": null }""", false)]
    [InlineData("""{ "/data/customer": "Ada" }""", false)]
    [InlineData("""{ "/data/odd/x": 1 }""", true)]
    [InlineData("""{ "/data/odd/y": 1 }""", false)]
    [InlineData("""{ "/data/oddTexts": "b" }""", true)]
    [InlineData("""{ "/data/oddTexts": { "in": ["b", "c"] } }""", true)]
    [InlineData("""{ "/data/oddTexts": "c" }""", false)]
    [InlineData("""{ "/data/customer/a~1b": "slash" }""", true)]
    [InlineData("""{ "/data/customer/name": "Zoë été" }""", true)]
    [InlineData("""{ "/data/currency": ["eur", "usd"] }""", true)]
    [InlineData("""{ "/data/amount": [1, null, "x"] }""", false)]
    [InlineData("""{ "/data/currency": { "eq": "usd" } }""", true)]
    [InlineData("""{ "/data/currency": { "ne": "usd" } }""", false)]
    [InlineData("""{ "/data/missing": { "ne": "usd" } }""", true)]
    [InlineData("""{ "/data/currency": { "in": ["usd"] } }""", true)]
    [InlineData("""{ "/data/currency": { "notIn": ["eur", "sar"] } }""", true)]
    [InlineData("""{ "/data/currency": { "notIn": ["eur", "usd"] } }""", false)]
    // The envelope.
    [InlineData("""{ "/type": "acme.order.paid" }""", true)]
    [InlineData("""{ "/subject": { "prefix": "order_" } }""", true)]
    [InlineData("""{ "/subject": "order_8" }""", false)]
    [InlineData("""{ "/source": "/connections/conn_1" }""", true)]
    [InlineData("""{ "/environment": ["dev", "prod"] }""", true)]
    [InlineData("""{ "/provider": "acme", "/project": "shop", "/specversion": "1.0", "/datacontenttype": "application/json", "/correlationid": { "exists": true }, "/id": { "prefix": "evt_" } }""", true)]
    [InlineData("""{ "/time": { "gte": "2020-01-01", "lt": "2999-01-01T00:00:00Z" } }""", true)]
    // Comparison.
    [InlineData("""{ "/data/amount": { "gt": 1000, "lte": 1050 } }""", true)]
    [InlineData("""{ "/data/amount": { "gt": 1050 } }""", false)]
    [InlineData("""{ "/data/amount": { "gte": 1050.0 } }""", true)]
    [InlineData("""{ "/data/amount": { "lt": 1e400 } }""", null)]
    [InlineData("""{ "/data/amount": { "gt": -1e300 } }""", true)]
    [InlineData("""{ "/data/currency": { "gt": 5 } }""", false)]
    [InlineData("""{ "/data/currency": { "gte": "usa", "lt": "use" } }""", true)]
    [InlineData("""{ "/data/at": { "gte": "2026-01-01T00:00:00Z", "lte": "2026-01-01T00:00:00Z" } }""", true)]
    [InlineData("""{ "/data/at": { "gt": "2026-01-01" } }""", false)]
    [InlineData("""{ "/data/created": { "gte": "2026-01-01T00:00:00Z", "lt": "2026-01-01T00:00:01Z" } }""", true)]
    [InlineData("""{ "/data/currency": { "gt": "2026-01-01" } }""", false)]
    [InlineData("""{ "/data/missing": { "lt": 5 } }""", false)]
    // Presence.
    [InlineData("""{ "/data/note": { "exists": true } }""", true)]
    [InlineData("""{ "/data/missing": { "exists": true } }""", false)]
    [InlineData("""{ "/data/missing": { "exists": false } }""", true)]
    [InlineData("""{ "/data/empty": { "exists": true } }""", true)]
    // Texts.
    [InlineData("""{ "/data/customer/email": { "suffix": "@Example.com" } }""", true)]
    [InlineData("""{ "/data/customer/email": { "suffix": "@example.com" } }""", false)]
    [InlineData("""{ "/data/customer/email": { "contains": "@Ex" } }""", true)]
    [InlineData("""{ "/data/customer/email": { "equalsIgnoreCase": "ada@example.COM" } }""", true)]
    [InlineData("""{ "/data/customer/email": { "like": "*@Example.*" } }""", true)]
    [InlineData("""{ "/data/customer/email": { "like": "Ada*x" } }""", false)]
    [InlineData("""{ "/data/customer/name": { "prefix": "Zo", "suffix": "été", "contains": " ", "like": "Z*é" } }""", true)]
    [InlineData("""{ "/data/amount": { "prefix": "10" } }""", false)]
    // Lists.
    [InlineData("""{ "/data/tags": "vip" }""", true)]
    [InlineData("""{ "/data/tags": { "contains": "vip" } }""", true)]
    [InlineData("""{ "/data/tags": { "contains": "vi" } }""", false)]
    [InlineData("""{ "/data/tags": { "prefix": "vi" } }""", true)]
    [InlineData("""{ "/data/tags": { "ne": "vip" } }""", false)]
    [InlineData("""{ "/data/tags/0": "vip" }""", false)]
    [InlineData("""{ "/data/tags/-1": "vip" }""", true)]
    [InlineData("""{ "/data/numbers": { "contains": 2 } }""", true)]
    [InlineData("""{ "/data/numbers": { "gt": 2 } }""", true)]
    [InlineData("""{ "/data/numbers": { "gt": 3 } }""", false)]
    [InlineData("""{ "/data/lines/sku": "B-2" }""", true)]
    [InlineData("""{ "/data/lines/0/sku": "B-2" }""", false)]
    [InlineData("""{ "/data/lines/qty": { "gte": 8 } }""", false)]
    [InlineData("""{ "/data/lines/options/size": ["l"] }""", true)]
    [InlineData("""{ "/data/lines/options/size": "xl" }""", false)]
    [InlineData("""{ "/data/empty": "x" }""", false)]
    // Combinations.
    [InlineData("""{ "/data/currency": "usd", "/data/amount": { "gt": 5000 } }""", false)]
    [InlineData("""{ "or": [ { "/data/amount": { "gt": 5000 } }, { "/data/currency": "usd" } ] }""", true)]
    [InlineData("""{ "or": [ { "/data/amount": { "gt": 5000 } }, { "/data/currency": "eur" } ] }""", false)]
    [InlineData("""{ "and": [ { "/data/amount": 1050 }, { "/data/currency": "usd" } ], "/type": { "suffix": ".paid" } }""", true)]
    [InlineData("""{ "not": { "/data/currency": "usd", "/data/amount": 1 } }""", true)]
    [InlineData("""{ "not": { "/data/currency": "usd" } }""", false)]
    [InlineData("""{ "/data/customer/email": { "not": { "suffix": "@test.com" } } }""", true)]
    [InlineData("""{ "/data/customer/email": { "not": { "prefix": "Ada", "suffix": ".com" } } }""", false)]
    // A text that no comparison can take.
    [InlineData("""{ "/data/lone": "x" }""", false)]
    [InlineData("""{ "/data/lone": { "prefix": "x" } }""", false)]
    public void Matches_EachOperator_AsDocumented(string filter, bool? expected)
    {
        var compiled = EventFilter.TryCompile(JsonElement.Parse(filter), out var found, out var issues);
        Assert.Equal(expected is not null, compiled);
        if (found is null)
        {
            Assert.NotEmpty(issues);
            return;
        }

        using var fields = Fields(Data);
        Assert.Equal(expected, found.Matches(fields));
        Assert.Equal(expected, found.Explain(fields).Count == 0);
    }

    [Theory]
    [InlineData("[]", "/filter", "object")]
    [InlineData("{}", "/filter", "empty")]
    [InlineData("\"x\"", "/filter", "object")]
    [InlineData("""{ "amount": 5 }""", "/filter/amount", "/data/amount")]
    [InlineData("""{ "/amount": 5 }""", "/filter/~1amount", "/data/amount")]
    [InlineData("""{ "/Type": "x" }""", "/filter/~1Type", "/type")]
    [InlineData("""{ "/type/x": "x" }""", "/filter/~1type~1x", "/type")]
    [InlineData("""{ "/": "x" }""", "/filter/~1", "pointer")]
    [InlineData("""{ "/data/a~2": "x" }""", "/filter/~1data~1a~02", "pointer")]
    [InlineData("""{ "$or": [ { "/type": "x" } ] }""", "/filter/$or", "'or'")]
    [InlineData("""{ "or": [] }""", "/filter/or", "list")]
    [InlineData("""{ "or": { "/type": "x" } }""", "/filter/or", "list")]
    [InlineData("""{ "or": [ { "/type": "x" }, { "/data/a": { "gt": true } } ] }""", "/filter/or/1/~1data~1a/gt", "number")]
    [InlineData("""{ "/data/a": { "$gte": 5 } }""", "/filter/~1data~1a/$gte", "'gte'")]
    [InlineData("""{ "/data/a": { "anything-but": 5 } }""", "/filter/~1data~1a/anything-but", "'notIn'")]
    [InlineData("""{ "/data/a": { "prefx": "x" } }""", "/filter/~1data~1a/prefx", "'prefix'")]
    [InlineData("""{ "/data/a": {} }""", "/filter/~1data~1a", "not said")]
    [InlineData("""{ "/data/a": [] }""", "/filter/~1data~1a", "list")]
    [InlineData("""{ "/data/a": [ { "gt": 5 } ] }""", "/filter/~1data~1a/0", "text")]
    [InlineData("""{ "/data/a": { "in": 5 } }""", "/filter/~1data~1a/in", "list")]
    [InlineData("""{ "/data/a": { "exists": "yes" } }""", "/filter/~1data~1a/exists", "true or false")]
    [InlineData("""{ "/data/a": { "prefix": "" } }""", "/filter/~1data~1a/prefix", "text")]
    [InlineData("""{ "/data/a": { "contains": [] } }""", "/filter/~1data~1a/contains", "text")]
    [InlineData("""{ "not": [ { "/type": "x" } ] }""", "/filter/not", "object")]
    public void Compile_Faulty_SaysWhereAndWhatToDo(string filter, string pointer, string says)
    {
        Assert.False(EventFilter.TryCompile(JsonElement.Parse(filter), out _, out var issues));
        var issue = Assert.Single(issues);
        Assert.Equal(pointer, issue.Pointer);
        Assert.Contains(says, issue.Message + " " + issue.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_SeveralFaults_TellsAll()
    {
        Assert.False(EventFilter.TryCompile(JsonElement.Parse("""{ "/x": 1, "/data/a": { "gt": null, "lk": 1 }, "or": [ 5 ] }"""), out _, out var issues));
        Assert.Equal(["/filter/~1x", "/filter/~1data~1a/gt", "/filter/~1data~1a/lk", "/filter/or/0"], issues.Select(issue => issue.Pointer));
    }

    [Fact]
    public void Compile_TooLarge_IsRefused()
    {
        Assert.Contains("KB", Refusal($$"""{ "/data/a": "{{new string('x', FilterParser.MaxBytes)}}" }"""), StringComparison.Ordinal);
        Assert.Contains("longer", Refusal($$"""{ "/data/a": "{{new string('x', FilterParser.MaxText + 1)}}" }"""), StringComparison.Ordinal);
        Assert.Contains("deeper", Refusal(string.Concat(Enumerable.Repeat("""{ "not": """, 20)) + """{ "/type": "x" }""" + new string('}', 20)), StringComparison.Ordinal);
        Assert.Contains("deeper", Refusal("""{ "/type": """ + string.Concat(Enumerable.Repeat("""{ "not": """, 20)) + "1" + new string('}', 21)), StringComparison.Ordinal);
        Assert.Contains("conditions", Refusal("{ " + string.Join(',', Enumerable.Range(0, FilterParser.MaxConditions + 1).Select(i => $"\"/data/{i}\": 1")) + " }"), StringComparison.Ordinal);
        Assert.Contains("500", Refusal($$"""{ "/data/a": [{{string.Join(',', Enumerable.Range(0, 501))}}] }"""), StringComparison.Ordinal);
        Assert.Contains("parts", Refusal($$"""{ "/data{{string.Concat(Enumerable.Repeat("/a", 32))}}": 1 }"""), StringComparison.Ordinal);

        static string Refusal(string filter)
        {
            Assert.False(EventFilter.TryCompile(JsonElement.Parse(filter), out _, out var issues));
            return Assert.Single(issues).Message;
        }
    }

    [Fact]
    public void Explain_WhatDoesNotHold_NamesTheConditionAndTheValue()
    {
        var filter = Compiled("""{ "/data/amount": { "gte": 5000, "lt": 9000 }, "/data/currency": ["eur", "sar"], "or": [ { "/type": "x" }, { "/data/gone": 1 } ], "/data/tags": { "ne": "vip" } }""");
        using var fields = Fields(Data);

        var failed = filter.Explain(fields);

        Assert.Equal(["/filter/~1data~1amount/gte", "/filter/~1data~1currency", "/filter/or", "/filter/or/0/~1type", "/filter/or/1/~1data~1gone", "/filter/~1data~1tags/ne"], failed.Select(one => one.Pointer));
        Assert.Equal("/data/amount must be at least 5000; it is 1050.", failed[0].Message);
        Assert.Equal("""/data/currency must be one of "eur", "sar"; it is "usd".""", failed[1].Message);
    }

    [Fact]
    public void Matches_AttributesOnly_DoesNotOpenTheData()
    {
        var sealer = new CountingSealer();
        using var fields = new EventFields(SomeEvent.Of(new FakeTimeProvider()), sealer);

        Assert.True(Compiled("""{ "/type": { "prefix": "acme." } }""").Matches(fields));
        Assert.False(Compiled("""{ "/subject": "other", "/data/amount": 42 }""").Matches(fields));
        Assert.Equal(0, sealer.Opened);

        Assert.True(Compiled("""{ "/data/amount": 42 }""").Matches(fields));
        Assert.False(Compiled("""{ "/data/amount": 43 }""").Matches(fields));
        Assert.Equal(1, sealer.Opened);
    }

    [Fact]
    public void Matches_PlainDataAtHand_OpensNothing()
    {
        var sealer = new CountingSealer();
        using var fields = new EventFields(SomeEvent.Of(new FakeTimeProvider()) with { PlainData = Encoding.UTF8.GetBytes(Data) }, sealer);
        Assert.True(Compiled("""{ "/data/amount": 1050 }""").Matches(fields));
        Assert.Equal(0, sealer.Opened);
    }

    [Fact]
    public void Matches_DataThatCannotBeRead_LetsItPass()
    {
        using var fields = Fields("{ broken");
        Assert.True(Compiled("""{ "/data/amount": 42 }""").Matches(fields));
        Assert.False(Compiled("""{ "/type": "other" }""").Matches(Fields("{ broken")));
    }

    /// <summary>A hundred thousand elements, or a hundred thousand levels, cost a bounded number of steps; what was not judged passes.</summary>
    [Fact]
    public void Matches_HugeEvents_StayWithinTheBudget()
    {
        var many = "[" + string.Join(',', Enumerable.Repeat("{\"a\":[1,2,3,4,5,6,7,8]}", 50_000)) + "]";
        var deep = new string('[', 100_000) + new string(']', 100_000);
        var text = "\"" + new string('a', 1_000_000) + "\"";
        var costly = Compiled("{ \"or\": [" + string.Join(',', Enumerable.Range(0, 99).Select(i => $$"""{ "/data/x/a": { "gt": {{i + 100}} } }""")) + "] }");

        using (var fields = Fields($$"""{ "x": {{many}} }"""))
            Assert.True(costly.Matches(fields));
        using (var fields = Fields($$"""{ "x": {{deep}} }"""))
            Assert.False(costly.Matches(fields));
        using (var fields = Fields($$"""{ "x": {{text}} }"""))
        {
            Assert.True(Compiled($$"""{ "/data/x": { "like": "*{{string.Join('*', Enumerable.Repeat("aaaaaaaaab", 50))}}" } }""").Matches(fields));
            Assert.False(Compiled("""{ "/data/x": { "contains": "b" } }""").Matches(fields));
        }
    }

    /// <summary>Random filters over random events, with the hostile among both: nothing throws, and a filter and its negation never agree.</summary>
    [Fact]
    public void Matches_RandomFiltersAndEvents_NeverThrowsAndNegates()
    {
        var random = new Random(20260101);
        var compiled = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var filter = RandomFilter(random, 0);
            if (!EventFilter.TryCompile(JsonElement.Parse(filter), out var one, out var issues))
            {
                Assert.NotEmpty(issues);
                continue;
            }

            compiled++;
            Assert.True(EventFilter.TryCompile(JsonElement.Parse($$"""{ "not": {{filter}} }"""), out var not, out _));
            using var fields = Fields(RandomJson(random, 0));
            Assert.NotEqual(one.Matches(fields), not.Matches(fields));
            Assert.Equal(one.Matches(fields), one.Explain(fields).Count == 0);
        }

        Assert.True(compiled > 5_000, $"Only {compiled} filters were valid.");
    }

    private static readonly string[] Names = ["a", "b", "0", "-1", "é", "a/b", "", "\\ud83d\\ude00"];
    private static readonly string[] Scalars =
        ["1", "-1", "0", "1.5", "1e3", "1e-400", "123456789012345678901234567890.5", "true", "false", "null", "\"\"", "\"a\"", "\"ab\"", "\"A\"", "\"2026-01-01\"", "\"2026-01-01T00:00:00Z\"", "1767225600", "\"\\u00e9\"", "\"\\\"\"", "\"a*b\""];

    private static string Pick(Random random, string[] some) => some[random.Next(some.Length)];

    private static string RandomJson(Random random, int depth) => (depth > 4 ? 2 : random.Next(depth == 0 ? 2 : 4)) switch
    {
        0 => "{" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => $"\"{Pick(random, Names)}\":{RandomJson(random, depth + 1)}")) + "}",
        1 => "[" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => RandomJson(random, depth + 1))) + "]",
        _ => random.Next(12) == 0 ? "\"\\ud800\"" : random.Next(20) == 0 ? "1e400" : Pick(random, Scalars),
    };

    private static string RandomFilter(Random random, int depth)
    {
        var members = Enumerable.Range(0, random.Next(1, 3)).Select(i => (depth > 2 ? 3 : random.Next(7)) switch
        {
            0 => $"\"and\":[{RandomFilter(random, depth + 1)},{RandomFilter(random, depth + 1)}]",
            1 => $"\"or\":[{RandomFilter(random, depth + 1)}]",
            2 => $"\"not\":{RandomFilter(random, depth + 1)}",
            _ => $"\"{RandomPointer(random)}\":{RandomCondition(random, 0)}",
        });
        return "{" + string.Join(',', members.DistinctBy(member => member.Split(':')[0])) + "}";
    }

    private static string RandomPointer(Random random) => random.Next(8) == 0 ? "/subject" :
        "/data" + string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => "/" + Pick(random, Names).Replace("/", "~1", StringComparison.Ordinal)));

    private static string RandomCondition(Random random, int depth) => random.Next(10) switch
    {
        0 => Pick(random, Scalars),
        1 => $"[{Pick(random, Scalars)},{Pick(random, Scalars)}]",
        2 when depth < 2 => $$"""{"not":{{RandomCondition(random, depth + 1)}}}""",
        3 => """{"exists":true}""",
        4 => $$"""{"{{Pick(random, ["in", "notIn"])}}":[{{Pick(random, Scalars)}}]}""",
        _ => $$"""{"{{Pick(random, ["eq", "ne", "gt", "gte", "lt", "lte", "prefix", "suffix", "contains", "like", "equalsIgnoreCase"])}}":{{Pick(random, Scalars)}}}""",
    };

    private static EventFilter Compiled(string filter)
    {
        Assert.True(EventFilter.TryCompile(JsonElement.Parse(filter), out var compiled, out var issues), string.Join(' ', issues));
        return compiled;
    }

    private static EventFields Fields(string data) => new(SomeEvent.Of(new FakeTimeProvider(), data: data), new FakeSealer());

    private sealed class CountingSealer : IPayloadSealer
    {
        private readonly FakeSealer inner = new();

        public int Opened { get; private set; }

        public byte[] Seal(ReadOnlySpan<byte> plaintext, string context) => inner.Seal(plaintext, context);

        public byte[] Open(ReadOnlySpan<byte> sealedPayload, string context)
        {
            Opened++;
            return inner.Open(sealedPayload, context);
        }
    }
}
