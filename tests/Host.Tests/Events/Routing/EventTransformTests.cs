using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events.Routing;

public sealed class EventTransformTests
{
    private const string Data = """{ "amount": 1050, "currency": "usd", "name": "Zoë", "lines": [ { "sku": "A", "tags": ["x", "y"] }, { "sku": "B" } ], "lone": "\ud800" }""";

    [Theory]
    [InlineData("""{ "kind": "{event.type}", "amount": "{event.data.amount|major:event.data.currency}", "who": "{/data/name}", "gone": "{/data/gone}" }""", """{"kind":"acme.order.paid","amount":10.50,"who":"Zoë"}""", "application/json; charset=utf-8")]
    [InlineData("""[ "{/subject}", 1, null ]""", """["order_7",1,null]""", "application/json; charset=utf-8")]
    [InlineData(""" "{event.data.lines}" """, """[{"sku":"A","tags":["x","y"]},{"sku":"B"}]""", "application/json; charset=utf-8")]
    [InlineData(""" "Paid: {/data/amount} {/data/currency|upper}" """, "Paid: 1050 USD", "text/plain; charset=utf-8")]
    [InlineData(""" "{event.data.name}" """, "Zoë", "text/plain; charset=utf-8")]
    [InlineData(""" "{event.data.amount}" """, "1050", "application/json; charset=utf-8")]
    [InlineData("""{ "lines": { "$each": "{event.data.lines}", "$item": { "code": "{item.sku}", "of": "{event.subject}", "tags": { "$each": "{item.tags}", "$item": "#{item}" } } } }""", """{"lines":[{"code":"A","of":"order_7","tags":["#x","#y"]},{"code":"B","of":"order_7"}]}""", "application/json; charset=utf-8")]
    [InlineData("""{ "gone": "{/data/gone}" }""", "{}", "application/json; charset=utf-8")]
    public void Apply_Template_MakesWhatIsSent(string template, string body, string contentType)
    {
        var made = Apply($$"""{ "template": {{template}} }""");
        Assert.Equal((body, contentType), (Encoding.UTF8.GetString(made.Body), made.ContentType));
    }

    [Fact]
    public void Apply_ContentType_IsTheOneGiven() =>
        Assert.Equal("application/x-www-form-urlencoded", Apply("""{ "template": "a={/data/name|urlencode}", "contentType": "application/x-www-form-urlencoded" }""").ContentType);

    [Theory]
    [InlineData(""" "Hello {/data/gone}" """, "/transform/template: the event lacks")]
    [InlineData(""" "{/data/gone}" """, "/transform/template: the event lacks")]
    [InlineData("""{ "a": { "b~/": "{/data/name|number}" } }""", "/transform/template/a/b~0~1: ")]
    [InlineData("""[ "x", "{/data/name|iso}" ]""", "/transform/template/1: ")]
    [InlineData("""{ "l": { "$each": "{/data/lines}", "$item": "{item.sku|number}" } }""", "/transform/template/l: ")]
    [InlineData("""{ "a": "{/data/lone} x" }""", "/transform/template/a: ")]
    public void Apply_CannotBeFilled_SaysWhereAndNoValue(string template, string begins)
    {
        var fault = Assert.Throws<TransformException>(() => Apply($$"""{ "template": {{template}} }"""));
        Assert.StartsWith(begins, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Zoë", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_MakesTooMuch_IsRefused()
    {
        var data = $$"""{ "text": "{{new string('x', 2000)}}", "list": [{{string.Join(',', Enumerable.Repeat("1", 60_000))}}] }""";
        Assert.Contains("KB", Assert.Throws<TransformException>(() => Apply("""{ "template": { "$each": "{/data/list}", "$item": 123456789012345678901234567890 } }""", data)).Message, StringComparison.Ordinal);
        Assert.Contains("50000 placeholders", Assert.Throws<TransformException>(() => Apply("""{ "template": { "$each": "{/data/list}", "$item": "{/subject}" } }""", data)).Message, StringComparison.Ordinal);
        Assert.Contains("too long", Assert.Throws<TransformException>(() => Apply("""{ "template": { "$each": "{/data/list}", "$item": [1, 2, 3, 4, 5, "{item}", 7, 8, 9] } }""", data)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{/data/list}", "KB")]
    [InlineData("{/data/list|json}", "copies too much")]
    public void Apply_CopiesAListForEachOfItsElements_IsRefusedBeforeItTakesTheMemory(string text, string says)
    {
        var list = string.Join(',', Enumerable.Repeat("{\"a\":\"usd\"}", 5_000));
        var data = $$"""{ "list": [{{list}}] }""";
        var before = GC.GetAllocatedBytesForCurrentThread();

        var fault = Assert.Throws<TransformException>(() => Apply($$"""{ "template": { "$each": "{/data/list}", "$item": { "all": "{{text}}" } } }""", data));

        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * EventTransform.MaxMemory);
    }

    [Theory]
    [InlineData("{event.data.a|array}")]
    [InlineData("{event.data.a|json}")]
    [InlineData("{event.data.a|wrap:v}")]
    public void Apply_DeepEvent_GoesThroughPipes(string text)
    {
        const int depth = 500;
        var (open, close) = (string.Concat(Enumerable.Repeat("{\"a\":", depth)), new string('}', depth));
        var data = $$"""{ "a": {{open}}1{{close}} }""";

        Assert.True(Apply($$"""{ "template": [ "{{text}}" ] }""", data).Body.Length > depth * 5);
    }

    [Theory]
    [InlineData("[]", "/transform/template", "missing")]
    [InlineData("{}", "/transform/template", "missing")]
    [InlineData("""{ "template": null }""", "/transform/template", "missing")]
    [InlineData("""{ "template": {}, "contenttype": "x" }""", "/transform/contenttype", "'contentType'")]
    [InlineData("""{ "template": {}, "contentType": "nonsense" }""", "/transform/contentType", "media type")]
    [InlineData("""{ "template": {}, "contentType": "text/plain\r\nX: y" }""", "/transform/contentType", "media type")]
    [InlineData("""{ "template": { "a": [ 1, "{params.x}" ] } }""", "/transform/template/a/1", "event.data")]
    [InlineData("""{ "template": { "a": "{event.amount}" } }""", "/transform/template/a", "below")]
    [InlineData("""{ "template": { "a": "{/amount}" } }""", "/transform/template/a", "/data/amount")]
    [InlineData("""{ "template": { "a": "{event.data.x|uper}" } }""", "/transform/template/a", "upper")]
    [InlineData("""{ "template": { "a": "{item.x}" } }""", "/transform/template/a", "item")]
    [InlineData("""{ "template": { "$each": "{/data/l}", "$item": { "$each": "{/data/l}", "$item": "{item}" } } }""", "/transform/template/$item/$each", "element")]
    [InlineData("""{ "template": { "$each": "{/data/l}", "$item": "{event.data}" } }""", "/transform/template/$item", "repeated")]
    [InlineData("""{ "template": { "$each": "{/data/l}", "$item": "{event.data.l.-1.id}" } }""", "/transform/template/$item", "0 to 99")]
    [InlineData("""{ "template": { "$each": "{/data/l}", "$item": { "a": "{/data/l/100}" } } }""", "/transform/template/$item/a", "0 to 99")]
    public void Compile_Faulty_SaysWhereAndWhatToDo(string transform, string pointer, string says)
    {
        Assert.False(EventTransform.TryCompile(JsonElement.Parse(transform), out _, out var issues));
        var issue = Assert.Single(issues);
        Assert.Equal(pointer, issue.Pointer);
        Assert.Contains(says, issue.Message + " " + issue.Hint, StringComparison.Ordinal);
    }

    private static SentPayload Apply(string transform, string data = Data)
    {
        Assert.True(EventTransform.TryCompile(JsonElement.Parse(transform), out var compiled, out var issues), string.Join(' ', issues));
        return compiled.Apply(CloudEventWriter.Write(SomeEvent.Of(new FakeTimeProvider()), Encoding.UTF8.GetBytes(data)));
    }
}
