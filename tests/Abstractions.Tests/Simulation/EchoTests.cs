using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Simulation;

namespace IntegrationHub.Abstractions.Tests.Simulation;

public sealed class EchoTests
{
    private const string Stored = """{"id":"pi_1","amount":2000,"currency":"usd","metadata":{},"lines":[{"text":"a"},{"text":"b"}]}""";

    [Theory]
    [InlineData("/amount", "{params.amount|number}", """{"amount":"150"}""", """{"id":"pi_1","amount":150,"currency":"usd","metadata":{},"lines":[{"text":"a"},{"text":"b"}]}""")]
    [InlineData("/currency", "{params.currency}", """{"currency":"sar"}""", """{"id":"pi_1","amount":2000,"currency":"sar","metadata":{},"lines":[{"text":"a"},{"text":"b"}]}""")]
    [InlineData("/metadata", "{params.metadata}", """{"metadata":{"order":"6735"}}""", """{"id":"pi_1","amount":2000,"currency":"usd","metadata":{"order":"6735"},"lines":[{"text":"a"},{"text":"b"}]}""")]
    [InlineData("/lines/1/text", "sent: {params.text}", """{"text":"قهوة"}""", """{"id":"pi_1","amount":2000,"currency":"usd","metadata":{},"lines":[{"text":"a"},{"text":"sent: قهوة"}]}""")]
    [InlineData("/lines/-1/text", "{params.text}", """{"text":"z"}""", """{"id":"pi_1","amount":2000,"currency":"usd","metadata":{},"lines":[{"text":"a"},{"text":"z"}]}""")]

    // The body stays as it stands.
    [InlineData("/currency", "{params.currency}", "{}", Stored)]
    [InlineData("/amount", "{params.amount|number}", """{"amount":"much"}""", Stored)]
    [InlineData("/nothing", "{params.currency}", """{"currency":"sar"}""", Stored)]
    [InlineData("/lines/7/text", "{params.text}", """{"text":"z"}""", Stored)]
    [InlineData("/id/deeper", "{params.text}", """{"text":"z"}""", Stored)]
    public void Body_WithEcho_RepeatsWhatWasSent(string pointer, string template, string sent, string expected)
    {
        var answer = new SimulatorAnswer
        {
            Body = JsonElement.Parse(Stored), Echo = new Dictionary<string, JsonElement> { [pointer] = JsonElement.Parse(JsonSerializer.Serialize(template)) },
        };

        var body = JsonElement.Parse(ProviderSimulator.Body(answer, JsonElement.Parse(sent)));

        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), body), body.GetRawText());
        Assert.Equal(Stored, Encoding.UTF8.GetString(ProviderSimulator.Body(answer)));
    }

    [Fact]
    public void Match_FormThatWasSent_IsRepeatedWithItsTypes()
    {
        var manifest = Manifests.Some.Read(Manifests.Some.With(
            ("/simulator/operations/createPaymentIntent/1", """{ "body": { "amount": 1, "metadata": {} }, "echo": { "/amount": "{params.amount|number}", "/metadata": "{params.metadata}" } }"""))).Manifest!;
        var request = new SimulatedRequest
        {
            Method = "POST", Path = "/v1/payment_intents", ContentType = "application/x-www-form-urlencoded", Body = "amount=1999&currency=sar&metadata%5Border%5D=6735"u8.ToArray(),
        };

        var match = new ProviderSimulator(manifest).Match(request)!;

        Assert.Equal("""{"amount":1999,"metadata":{"order":"6735"}}""", Encoding.UTF8.GetString(ProviderSimulator.Body(match.Answer, match.Parameters)));
    }
}
