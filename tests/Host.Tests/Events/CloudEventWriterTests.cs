using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

public sealed class CloudEventWriterTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours(2)));

    [Fact]
    public void Write_WholeEvent_IsTheDocumentedEnvelope()
    {
        var hubEvent = SomeEvent.Of(time) with { Id = "evt_1", ProviderEventId = "acme_1" };
        var text = Encoding.UTF8.GetString(CloudEventWriter.Write(hubEvent, """{"amount":1.10,"name":"قهوة"}"""u8));
        Assert.Equal(
            """{"specversion":"1.0","id":"evt_1","source":"/connections/conn_1","type":"acme.order.paid","time":"2026-01-01T00:00:00Z","datacontenttype":"application/json","subject":"order_7","provider":"acme","environment":"prod","project":"shop","providereventid":"acme_1","correlationid":"req_1","data":{"amount":1.10,"name":"قهوة"}}""",
            text);
    }

    [Fact]
    public void Write_WithoutSubject_LeavesTheAttributeOut()
    {
        using var json = JsonDocument.Parse(CloudEventWriter.Write(SomeEvent.Of(time) with { Subject = null }, "null"u8));
        Assert.False(json.RootElement.TryGetProperty("subject", out _));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("data").ValueKind);
    }

    [Theory]
    [InlineData("app", "/projects/shop")]
    [InlineData("hub", "/hub")]
    public void Write_WithoutConnection_NamesTheSource(string provider, string source)
    {
        using var json = JsonDocument.Parse(CloudEventWriter.Write(SomeEvent.Of(time) with { ConnectionId = null, Provider = provider }, "1"u8));
        Assert.Equal(source, json.RootElement.GetProperty("source").GetString());
    }

    [Fact]
    public void Write_HostileText_StaysInsideItsString()
    {
        var hubEvent = SomeEvent.Of(time) with { Subject = "\",\"type\":\"forged\u0000\n" };
        using var json = JsonDocument.Parse(CloudEventWriter.Write(hubEvent, "{}"u8));
        Assert.Equal(hubEvent.Subject, json.RootElement.GetProperty("subject").GetString());
        Assert.Equal("acme.order.paid", json.RootElement.GetProperty("type").GetString());
    }
}
