using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Abstractions.Tests.Webhooks;

/// <summary>JSON may hold half a surrogate pair as an escape, which no text can. Whoever sends it must not make the hub fail.</summary>
public sealed class BrokenUnicodeTests
{
    private const string Broken = """{"\ud800":1,"id":"evt_1","a\udc00":{},"type":"order.paid","text":"\ud83d"}""";

    [Fact]
    public void Extract_BrokenNames_ReadsTheOthers()
    {
        var rules = new EventManifest { Id = ["/id"], Type = ["/type"], Subject = ["/text", "/missing"] };

        var one = Assert.Single(Inbound.Reader(rules).Extract(Inbound.Request(Broken)).Events);

        Assert.Equal(("evt_1", "order.paid", null), (one.ProviderEventId, one.Type, one.Subject));
    }

    [Fact]
    public void Extract_SubjectCutInsideACharacter_EndsBeforeIt()
    {
        var subject = new string('a', 1023) + "😀";
        var rules = new EventManifest { Subject = ["/s"] };

        var one = Assert.Single(Inbound.Reader(rules).Extract(Inbound.Request($$"""{"s":"{{subject}}"}""")).Events);

        Assert.Equal(new string('a', 1023), one.Subject);
    }

    [Theory]
    [InlineData("{/id}", "evt_1")]
    [InlineData("{/text|default:none}", null)]
    [InlineData("{/}", null)]
    public void Template_BrokenText_IsATemplateException(string template, string? expected)
    {
        var scope = new TemplateScope().Set("", JsonDocument.Parse(Broken).RootElement);

        if (expected is not null)
            Assert.Equal(expected, Template.Compile(template).RenderText(scope));
        else
            Assert.Throws<TemplateException>(() => Template.Compile(template).Render(scope));
    }

    [Fact]
    public void Template_BrokenItself_IsATemplateException()
    {
        Assert.Throws<TemplateException>(() => Template.Compile("a\ud800"));
        Assert.Throws<TemplateException>(() => Template.Compile(JsonDocument.Parse("""{"\udc00":"x"}""").RootElement));
        Assert.Throws<TemplateException>(() => Template.Compile(JsonDocument.Parse("""["\ud800"]""").RootElement));
    }

    [Fact]
    public void With_NameTwice_TakesTheLast()
    {
        var scope = new TemplateScope().Set("params", JsonDocument.Parse("""{"o":{"a":1,"a":2},"b":3}""").RootElement);

        Assert.Equal("""{"a":2,"b":3}""", Template.Compile("{params.o|with:b=params.b}").RenderText(scope));
    }
}
