using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Abstractions.Tests.Templates;

public sealed class TemplateTests
{
    private static readonly TemplateScope Scope = new TemplateScope()
        .Set("params", JsonElement.Parse("""
            {"to":"أحمد","n":12345678901234567890.10,"yes":true,"none":null,"list":[1,"b",{"c":3}],"obj":{"a":{"b":"deep"}},"empty":[],"a.b":"dotted","quote":"say \"hi\" \\ 😀","":"x"}
            """))
        .Set("config", JsonElement.Parse("""{"key":"k","url":"https://a.test"}"""))
        .Set("header", [new("X-GitHub-Event", "push"), new("content-type", "text/plain")])
        .Set("query", [new("hub.mode", "subscribe"), new("a[b]", "c")])
        .Set("", JsonElement.Parse("""{"data":[{"id":"first"},{"id":"last"}],"a/b":{"m~n":1},"7":"seven"}"""))
        .Set("auth", default(JsonElement));

    private static string? Render(string json) => Template.Compile(JsonElement.Parse(json)).TryRender(Scope, out var node) ? JsonText.Compact(node) : null;

    [Theory]
    [InlineData("{params.to}", "\"أحمد\"")]
    [InlineData("{params.n}", "12345678901234567890.10")]
    [InlineData("{params.yes}", "true")]
    [InlineData("{params.none}", "null")]
    [InlineData("{params.list}", """[1,"b",{"c":3}]""")]
    [InlineData("{params.list.2.c}", "3")]
    [InlineData("{params.list.-1.c}", "3")]
    [InlineData("{params.obj.a.b}", "\"deep\"")]
    [InlineData("{params.a.b}", "\"dotted\"")]
    [InlineData("{header.x-github-event}", "\"push\"")]
    [InlineData("{header.Content-Type}", "\"text/plain\"")]
    [InlineData("{query.hub.mode}", "\"subscribe\"")]
    [InlineData("{query.a[b]}", "\"c\"")]
    [InlineData("{/data/0/id}", "\"first\"")]
    [InlineData("{/data/-1/id}", "\"last\"")]
    [InlineData("{/a~1b/m~0n}", "1")]
    [InlineData("{/7}", "\"seven\"")]
    public void Render_WholePlaceholder_KeepsType(string template, string expected)
    {
        Assert.Equal(expected, Render(JsonText.Compact(JsonText.ToElement(template))));
    }

    [Theory]
    [InlineData("{params.missing}")]
    [InlineData("{params.list.3}")]
    [InlineData("{params.list.-2}")]
    [InlineData("{params.list.x}")]
    [InlineData("{params.to.deeper}")]
    [InlineData("{nothing}")]
    [InlineData("{auth.accessToken}")]
    [InlineData("{/data/9/id}")]
    [InlineData("text {params.missing} text")]
    [InlineData("text {params.none} text")]
    [InlineData("{params.missing|upper}")]
    [InlineData("{params.empty|first}")]
    public void TryRender_MissingValue_IsDropped(string template)
    {
        Assert.Null(Render(JsonText.Compact(JsonText.ToElement(template))));
        Assert.Null(Template.Compile(template).RenderText(Scope));
    }

    [Theory]
    [InlineData("""{"a":"{params.missing}","b":"{params.to}"}""", """{"b":"أحمد"}""")]
    [InlineData("""["{params.missing}","{params.yes}"]""", "[true]")]
    [InlineData("""{"a":{"b":"{params.missing}"},"c":{}}""", """{"c":{}}""")]
    [InlineData("""{"a":["{params.missing}"],"c":[]}""", """{"c":[]}""")]
    [InlineData("""{"a":[{"b":{"c":"{params.missing}"}}],"k":1}""", """{"k":1}""")]
    [InlineData("""{"a":"{params.missing}"}""", "{}")]
    [InlineData("""["{params.missing}"]""", "[]")]
    [InlineData("""{"a":"{params.none}"}""", """{"a":null}""")]
    [InlineData("""{"a":{"x":null},"b":1.50,"c":false}""", """{"a":{"x":null},"b":1.50,"c":false}""")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2}""")]
    public void Render_ObjectsAndArrays_DropWhatIsMissing(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("Hello {params.to}!", "Hello أحمد!")]
    [InlineData("{params.n}/{params.yes}", "12345678901234567890.10/true")]
    [InlineData("x{params.obj}", """x{"a":{"b":"deep"}}""")]
    [InlineData("{{params.to}}", "{params.to}")]
    [InlineData("{{{params.yes}}}", "{true}")]
    [InlineData("a }} b } c { d {} {\"e\":1}", "a }} b } c { d {} {\"e\":1}")]
    [InlineData("""{"a":{"b":{params.quote|json}}}""", """{"a":{"b":"say \"hi\" \\ \uD83D\uDE00"}}""")]
    [InlineData("query { user(id: $id) { name { first } } }", "query { user(id: $id) { name { first } } }")]
    [InlineData("^[a-z]{3}$", "^[a-z]{3}$")]
    [InlineData("", "")]
    public void RenderText_Braces_AreUnderstood(string template, string expected) => Assert.Equal(expected, Template.Compile(template).RenderText(Scope));

    [Theory]
    [InlineData("{params.to")]
    [InlineData("{params..to}")]
    [InlineData("{params.}")]
    [InlineData("{params to}")]
    [InlineData("{user(id:1)}")]
    [InlineData("{params.to|}")]
    [InlineData("{params.to|lower:x}")]
    [InlineData("{params.to|map}")]
    [InlineData("{params.to|map:abc}")]
    [InlineData("{params.to|minor:xyz}")]
    [InlineData("{params.to|minor:params.c,ISK}")]
    public void Compile_Malformed_Throws(string template) => Assert.Throws<TemplateException>(() => Template.Compile(template));

    [Theory]
    [InlineData("lowr", "lower")]
    [InlineData("Upper", "upper")]
    [InlineData("url_encode", "urlencode")]
    [InlineData("unix_ms", "unixms")]
    public void Compile_UnknownPipe_NamesTheNearest(string pipe, string nearest)
    {
        var exception = Assert.Throws<TemplateException>(() => Template.Compile("{params.to|" + pipe + "}"));
        Assert.Contains($"\"{nearest}\"", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void References_OfEveryPlaceholderAndArgument_AreListed()
    {
        var template = Template.Compile(JsonElement.Parse("""
            {"a":"{params.x.y}","b":["{/p/q|default:config.z}"],"c":"{params.amount|minor:params.currency,ISK=2} {timestamp}","d":"{params.k|default:plain}"}
            """));

        Assert.Equal([("params", "x.y"), ("", "/p/q"), ("config", "z"), ("params", "amount"), ("params", "currency"), ("timestamp", ""), ("params", "k")], template.References);
    }

    [Fact]
    public void RenderText_HalfASurrogatePair_FailsWithoutTheValue()
    {
        var scope = new TemplateScope().Set("params", JsonElement.Parse("""{"x":"secret\ud800"}"""));

        var exception = Assert.Throws<TemplateException>(() => Template.Compile("a{params.x}").RenderText(scope));
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_FromManyThreads_GivesIndependentNodes()
    {
        var template = Template.Compile(JsonElement.Parse("""{"a":"{params.obj}","b":{"c":[1,"{params.to}"]}}"""));

        var results = new string[64];
        Parallel.For(0, results.Length, i =>
        {
            var node = template.Render(Scope)!.AsObject();
            node["i"] = i;
            results[i] = JsonText.Compact(node);
        });

        Assert.All(results.Select((text, i) => (text, i)), pair =>
            Assert.Equal($$$"""{"a":{"a":{"b":"deep"}},"b":{"c":[1,"أحمد"]},"i":{{{pair.i}}}}""", pair.text));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("/", true)]
    [InlineData("/data/-1/id", true)]
    [InlineData("data", false)]
    [InlineData("/a~2", false)]
    [InlineData("/a~", false)]
    public void JsonPointer_TryParse_TakesOnlyPointers(string text, bool expected) => Assert.Equal(expected, JsonPointer.TryParse(text, out _));

    [Theory]
    [InlineData("""{"$each":"{params.list}","$item":{"v":"{item}","k":"{config.key}"}}""", """[{"v":1,"k":"k"},{"v":"b","k":"k"},{"v":{"c":3},"k":"k"}]""")]
    [InlineData("""{"$each":"{params.list}","$item":{"c":"{item.c}"}}""", """[{"c":3}]""")]
    [InlineData("""{"$each":"{params.obj}","$item":"{item.a.b}"}""", """["deep"]""")]
    [InlineData("""{"$each":"{params.empty}","$item":"{item}"}""", "[]")]
    [InlineData("""{"a":1,"b":{"$each":"{params.absent}","$item":"{item}"}}""", """{"a":1}""")]
    [InlineData("""{"$each":["x",{"c":"y"}],"$item":{"out":{"$each":"{params.list}","$item":"{item}"},"c":"{item.c}"}}""", """[{"out":[1,"b",{"c":3}]},{"out":[1,"b",{"c":3}],"c":"y"}]""")]
    [InlineData("""{"$each":["{params.to}"]}""", """{"$each":["أحمد"]}""")]
    [InlineData("""{"$each":[1],"$item":2,"$slice":3}""", """{"$each":[1],"$item":2,"$slice":3}""")]
    public void Render_Each_RendersAnItemForEveryElement(string template, string expected) => Assert.Equal(expected, Render(template));

    [Fact]
    public void References_OfEach_LeaveTheItemOut()
    {
        var references = Template.Compile(JsonElement.Parse("""{"$each":"{params.list}","$item":["{item.a}","{config.key}","{item.b|default:params.to}"]}""")).References;

        Assert.Equal([("params", "list"), ("config", "key"), ("params", "to")], references);
    }
}
