using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Capabilities;

public sealed class CapabilityTests(CapabilityHub hub) : IClassFixture<CapabilityHub>, IAsyncLifetime
{
    private readonly string project = "p-" + Guid.NewGuid().ToString("N")[..8];

    public Task InitializeAsync()
    {
        hub.Answers.Clear();
        hub.Asked.Clear();
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Run_MapsParametersAndResult()
    {
        var id = await hub.ConnectAsync(project, "world-text");

        var answer = await hub.RunAsync("sms.send", Sms());

        Assert.Equal(200, answer.Status);
        Assert.Equal(("world-text-1", "sent"), (answer.Json.GetProperty("result").GetProperty("id").GetString(), answer.Json.GetProperty("result").GetProperty("status").GetString()));
        var meta = answer.Json.GetProperty("meta");
        Assert.Equal((id, "world-text", "send", "sms.send"), (Text(meta, "connectionId"), Text(meta, "provider"), Text(meta, "operation"), Text(meta, "capability")));
        var (provider, body) = Assert.Single(hub.Asked);
        Assert.Equal(("world-text", "+966500000000", "مرحبا"), (provider, Text(body, "recipient"), Text(body, "body")));
        Assert.Equal("succeeded", (await hub.Client.SendAsync("GET", $"/api/effects/{Text(meta, "effectId")}"))["verdict"]);
    }

    [Theory]
    [InlineData("", "gulf-text")] // older
    [InlineData(", \"market\": \"SA\"", "gulf-text")] // made for the market
    [InlineData(", \"market\": \"DE\"", "world-text")] // the other does not serve it
    [InlineData(", \"prefer\": [\"none\", \"world-text\"]", "world-text")]
    public async Task Run_SeveralCan_TheBestIsPicked(string more, string expected)
    {
        await hub.ConnectAsync(project, "gulf-text");
        await hub.ConnectAsync(project, "world-text");

        Assert.Equal(expected, Text((await hub.RunAsync("sms.send", Sms(more))).Json.GetProperty("meta"), "provider"));
    }

    [Fact]
    public async Task Run_PreferredConnection_IsPicked()
    {
        await hub.ConnectAsync(project, "world-text");
        var second = await hub.ConnectAsync(project, "world-text", "second");

        Assert.Equal(second, Text((await hub.RunAsync("sms.send", Sms($", \"prefer\": [\"{second}\"]"))).Json.GetProperty("meta"), "connectionId"));
    }

    [Theory]
    [InlineData("unauthenticated", "needs_reauthorization")]
    [InlineData("permission_denied", "failing")]
    public async Task Run_UnhealthyConnection_IsPassedOver(string result, string code)
    {
        var sick = await hub.ConnectAsync(project, "gulf-text");
        await hub.ConnectAsync(project, "world-text");
        await hub.TestedAsync(sick, result);

        var meta = (await hub.RunAsync("sms.send", Sms(", \"prefer\": [\"gulf-text\"]"))).Json.GetProperty("meta");

        Assert.Equal("world-text", Text(meta, "provider"));
        var passed = Assert.Single(meta.GetProperty("tried").EnumerateArray());
        Assert.Equal((sick, code), (Text(passed, "connectionId"), Text(passed, "code")));
    }

    [Fact]
    public async Task Run_NobodyCan_SaysWhyNot()
    {
        var none = await hub.RunAsync("sms.send", Sms());
        Assert.Equal((503, "no_connection", 0), (none.Status, none["code"], none.Json.GetProperty("tried").GetArrayLength()));

        var id = await hub.ConnectAsync(project, "gulf-text");
        var wrongMarket = await hub.RunAsync("sms.send", Sms(", \"market\": \"DE\""));
        Assert.Equal((503, "market"), (wrongMarket.Status, Text(wrongMarket.Json.GetProperty("tried")[0], "code")));

        await hub.Client.SendAsync("PATCH", $"/api/connections/{id}", """{ "enabled": false }""");
        Assert.Equal("disabled", Text((await hub.RunAsync("sms.send", Sms())).Json.GetProperty("tried")[0], "code"));
    }

    [Fact]
    public async Task Run_Currency_IsTakenFromTheParameters()
    {
        await hub.ConnectAsync(project, "till");

        var riyal = await hub.RunAsync("payment.create", $$"""{ "project": "{{project}}", "params": { "amountMinor": 500, "currency": "SAR" } }""");
        var dollar = await hub.RunAsync("payment.create", $$"""{ "project": "{{project}}", "params": { "amountMinor": 500, "currency": "USD" } }""");

        Assert.Equal((200, 503), (riyal.Status, dollar.Status));
        Assert.Equal("currency", Text(dollar.Json.GetProperty("tried")[0], "code"));
        Assert.Equal(500, Assert.Single(hub.Asked).Body.GetProperty("body").GetInt32());
    }

    [Fact]
    public async Task Run_Fails_WithoutFallback_AsksNobodyElse()
    {
        hub.Answers["gulf-text"] = (503, """{ "message": "closed" }""");
        await hub.ConnectAsync(project, "gulf-text");
        await hub.ConnectAsync(project, "world-text");

        var answer = await hub.RunAsync("sms.send", Sms());

        Assert.Equal((502, "unavailable"), (answer.Status, answer["code"]));
        Assert.Single(hub.Asked);
    }

    [Fact]
    public async Task Run_Fails_WithFallback_AsksTheNext()
    {
        hub.Answers["gulf-text"] = (403, """{ "message": "not allowed" }""");
        await hub.ConnectAsync(project, "gulf-text");
        await hub.ConnectAsync(project, "world-text");

        var answer = await hub.RunAsync("sms.send", Sms(", \"fallback\": true"));

        var meta = answer.Json.GetProperty("meta");
        Assert.Equal((200, "world-text"), (answer.Status, Text(meta, "provider")));
        Assert.Equal(["gulf-text", "world-text"], hub.Asked.Select(asked => asked.Provider));
        var failed = Assert.Single(meta.GetProperty("tried").EnumerateArray());
        Assert.Equal(("permission_denied", "failed"), (Text(failed, "code"), (await hub.Client.SendAsync("GET", $"/api/effects/{Text(failed, "effectId")}"))["verdict"]));
    }

    [Theory]
    [InlineData(0, "true")] // the request arrived, the connection was cut
    [InlineData(504, "true")]
    [InlineData(500, "false")] // an answer, but it may have been done before it was given
    public async Task Run_MayHaveHappened_AsksNobodyElse(int status, string outcomeUnknown)
    {
        hub.Answers["gulf-text"] = (status, "{}");
        await hub.ConnectAsync(project, "gulf-text");
        await hub.ConnectAsync(project, "world-text");

        var answer = await hub.RunAsync("sms.send", Sms(", \"fallback\": true"));

        Assert.Equal(outcomeUnknown, answer["outcomeUnknown"]);
        Assert.Equal("gulf-text", Assert.Single(hub.Asked).Provider);
        Assert.Equal(outcomeUnknown == "true" ? "unknown" : "failed", (await hub.Client.SendAsync("GET", $"/api/effects/{answer["effectId"]}"))["verdict"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(", \"fallback\": true")]
    public async Task Run_DoneButTheResultCannotBeMade_IsDoneOnce(string more)
    {
        hub.Answers["gulf-text"] = (200, """{ "id": "1", "state": { "no": "text" } }""");
        await hub.ConnectAsync(project, "gulf-text");
        await hub.ConnectAsync(project, "world-text");

        var answer = await hub.RunAsync("sms.send", Sms(more), "k-" + project);
        var again = await hub.RunAsync("sms.send", Sms(more), "k-" + project);

        Assert.Equal((502, "result_unusable"), (answer.Status, answer["code"]));
        Assert.Equal((409, "answer_lost", answer["effectId"]), (again.Status, again["code"], again["effectId"]));
        Assert.Equal("succeeded", (await hub.Client.SendAsync("GET", $"/api/effects/{answer["effectId"]}"))["verdict"]);
        Assert.Equal("gulf-text", Assert.Single(hub.Asked).Provider);
    }

    [Fact]
    public async Task Run_WhatsAppFails_TextMessageStandsIn()
    {
        hub.Answers["chat"] = (400, """{ "code": "declined", "message": "The recipient has no WhatsApp." }""");
        await hub.ConnectAsync(project, "chat");
        await hub.ConnectAsync(project, "world-text");

        var answer = await hub.RunAsync("whatsapp.send", $$"""{ "project": "{{project}}", "fallback": true, "params": { "to": "+966500000000", "text": "مرحبا" } }""");

        var meta = answer.Json.GetProperty("meta");
        Assert.Equal((200, "sms.send", "world-text"), (answer.Status, Text(meta, "capability"), Text(meta, "provider")));
        Assert.Equal("declined", Text(meta.GetProperty("tried")[0], "code"));
    }

    [Fact]
    public async Task Run_NoWhatsAppAtAll_TextMessageStandsInIfThereIsAText()
    {
        await hub.ConnectAsync(project, "world-text");

        var text = await hub.RunAsync("whatsapp.send", $$"""{ "project": "{{project}}", "fallback": true, "params": { "to": "+966500000000", "text": "مرحبا" } }""");
        var template = await hub.RunAsync("whatsapp.send", $$"""{ "project": "{{project}}", "fallback": true, "params": { "to": "+966500000000", "template": { "name": "t", "language": "ar" } } }""");

        Assert.Equal(200, text.Status);
        Assert.Equal((503, "invalid_params"), (template.Status, Text(template.Json.GetProperty("tried")[0], "code")));
    }

    [Fact]
    public async Task Run_CardDeclined_IsNotTriedElsewhere()
    {
        hub.Answers["till"] = (402, """{ "code": "declined", "message": "No money." }""");
        await hub.ConnectAsync(project, "till");
        await hub.ConnectAsync(project, "till", "second");

        var answer = await hub.RunAsync("payment.create", $$"""{ "project": "{{project}}", "fallback": true, "params": { "amountMinor": 500, "currency": "SAR" } }""");

        Assert.Equal((402, "declined"), (answer.Status, answer["code"]));
        Assert.Single(hub.Asked);
    }

    [Fact]
    public async Task Run_RepeatedUnderItsKey_GetsTheFirstAnswer()
    {
        await hub.ConnectAsync(project, "gulf-text");
        await hub.ConnectAsync(project, "world-text");

        var first = await hub.RunAsync("sms.send", Sms(), "k-" + project);
        var again = await hub.RunAsync("sms.send", Sms(), "k-" + project);
        var other = await hub.RunAsync("sms.send", Sms(", \"market\": \"AE\""), "k-" + project);

        Assert.Equal(first.Text, again.Text);
        Assert.Equal(422, other.Status);
        Assert.Single(hub.Asked);
    }

    [Theory]
    [InlineData("sms.send", """{ "params": { "to": "0500", "txet": "x" } }""", 400, "/params/text,/params/to,/params/txet")]
    [InlineData("sms.send", """{ "market": "Saudi", "currency": "riyal", "environment": "live", "params": { "to": "+966500000000", "text": "x" } }""", 400, "/currency,/environment,/market")]
    [InlineData("sms.sned", """{ "params": {} }""", 404, null)]
    public async Task Run_WrongRequest_SaysWhere(string capability, string json, int status, string? pointers)
    {
        var answer = await hub.RunAsync(capability, json);

        Assert.Equal(status, answer.Status);
        if (pointers is not null)
            Assert.Equal(pointers, string.Join(',', answer.Pointers.Order(StringComparer.Ordinal)));
        else
            Assert.Contains("sms.send", answer["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnotherProject_SeesNothingOfIt()
    {
        await hub.ConnectAsync(project, "world-text");
        using var stranger = await hub.AdminAsync("elsewhere");

        Assert.Equal(403, (await stranger.SendAsync("POST", "/api/capabilities/sms.send", Sms())).Status);
        var own = await stranger.SendAsync("POST", "/api/capabilities/sms.send", """{ "params": { "to": "+966500000000", "text": "x" } }""");
        Assert.Equal((503, 0), (own.Status, own.Json.GetProperty("tried").GetArrayLength()));
    }

    [Fact]
    public async Task List_NamesWhoCan()
    {
        var all = (await hub.Client.SendAsync("GET", "/api/capabilities")).Json.EnumerateArray().ToList();
        var sms = all.Single(capability => Text(capability, "name") == "sms.send");
        Assert.Equal(["gulf-text", "world-text"], sms.GetProperty("providers").EnumerateArray().Select(name => name.GetString()));

        var one = await hub.Client.SendAsync("GET", "/api/capabilities/whatsapp.send");
        Assert.Equal("sms.send", Assert.Single(one.Json.GetProperty("fallbacks").EnumerateArray()).GetString());
        Assert.Equal(404, (await hub.Client.SendAsync("GET", "/api/capabilities/none")).Status);
    }

    private string Sms(string more = "") => $$"""{ "project": "{{project}}"{{more}}, "params": { "to": "+966500000000", "text": "مرحبا" } }""";

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
