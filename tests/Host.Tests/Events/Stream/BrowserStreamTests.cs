using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events.Stream;

/// <summary>What a browser's own <c>EventSource</c> makes of the streams: no client of ours says what the wire means.</summary>
public sealed class BrowserStreamTests : IAsyncLifetime
{
    private readonly RealHub hub = new([], "--Hub:Stream:KeyCheck", "00:00:00.2");
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        await hub.InitializeAsync();
        client = hub.Bootstrap();
    }

    [SkippableFact]
    public async Task EventSource_WhoseStreamWasEnded_ComesBackAndMissesNothing()
    {
        await using var browser = await Chromium.StartAsync();
        var subscription = (await client.SendAsync("POST", "/api/subscriptions", """{ "pattern": "app.**", "target": { "kind": "stream" } }"""))["id"];
        var ticket = (await client.SendAsync("POST", "/api/events/stream/tickets"))["ticket"];
        await browser.OpenAsync($"{hub.Address}/health/live");
        await browser.EvaluateAsync($$"""
            got = []; opened = 0; failed = 0;
            source = new EventSource('/api/subscriptions/{{subscription}}/stream?ticket={{ticket}}');
            source.onopen = () => opened++;
            source.onerror = () => failed++;
            source.onmessage = message => got.push(JSON.parse(message.data).id + ' ' + JSON.parse(message.data).data.text);
            true
            """);
        await browser.UntilAsync("opened === 1");
        List<string> sent = [await PublishAsync("أول\nline"), await PublishAsync("b")];
        await browser.UntilAsync("got.length === 2");

        // A change of the subscription ends its streams; by itself, the browser comes back with the id of what it saw last.
        Assert.Equal(200, (await client.SendAsync("PATCH", $"/api/subscriptions/{subscription}", """{ "description": "changed" }""")).Status);
        await browser.UntilAsync("failed > 0");
        sent.AddRange([await PublishAsync("c"), await PublishAsync("d")]);
        await browser.UntilAsync("opened === 2");
        sent.Add(await PublishAsync("e"));
        await browser.UntilAsync("got.length >= 5");

        Assert.Equal(sent, (await browser.EvaluateAsync("got")).Deserialize<List<string>>());
    }

    [SkippableFact]
    public async Task EventSource_WithAFilterNothingPassed_ComesBackToWhereItBegan()
    {
        await using var browser = await Chromium.StartAsync();
        using var limited = await hub.AdminAsync("shop");
        var ticket = (await limited.SendAsync("POST", "/api/events/stream/tickets"))["ticket"];
        await browser.OpenAsync($"{hub.Address}/health/live");

        // Ids without data count as well: the first one says where the stream began.
        await browser.EvaluateAsync($$"""
            got = []; opened = 0;
            source = new EventSource('/api/events/stream?pattern=app.wanted&ticket={{ticket}}');
            source.onopen = () => opened++;
            source.onmessage = message => got.push(JSON.parse(message.data).data.text + ' ' + (message.lastEventId.length > 0));
            true
            """);
        await browser.UntilAsync("opened === 1");
        await PublishAsync("other", "shop");
        await PublishAsync("foreign", "bank", "wanted");
        await PublishAsync("mine", "shop", "wanted");

        await browser.UntilAsync("got.length >= 1");
        Assert.Equal("mine true", (await browser.EvaluateAsync("got.join()")).GetString());
    }

    [SkippableFact]
    public async Task EventSource_WithoutATicket_IsToldOnceAndGivesUp()
    {
        await using var browser = await Chromium.StartAsync();
        await browser.OpenAsync($"{hub.Address}/health/live");

        await browser.EvaluateAsync("source = new EventSource('/api/events/stream?ticket=none'); true");

        // 2 is CLOSED: a browser does not come back after an answer that is no stream.
        await browser.UntilAsync("source.readyState === 2");
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await hub.DisposeAsync();
    }

    private async Task<string> PublishAsync(string text, string project = "default", string type = "noted")
    {
        var answer = await client.SendAsync("POST", "/api/events", JsonSerializer.Serialize(new { type, project, data = new { text } }));
        Assert.Equal(201, answer.Status);
        return $"{answer["id"]} {text}";
    }
}
