using IntegrationHub.Adapters;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>Rate, places and pauses: what waits, for how long, and what is refused.</summary>
public sealed class ConnectionGateTests : ResilienceScene
{
    [Fact]
    public async Task Run_RateLimited_PausesTheWholeConnectionAndSaysForHowLong()
    {
        await using var hub = await StartAsync();
        Answer(hub, Fail(ErrorCategory.RateLimited, 429, false, TimeSpan.FromSeconds(90)), Good);
        await hub.RunAsync("get");
        hub.Time.Advance(TimeSpan.FromSeconds(30));

        var refused = await hub.RunAsync("put");

        Assert.Equal((429, "rate_limited", 1), (refused.Status, refused["code"], calls));
        Assert.Equal(TimeSpan.FromSeconds(60), refused.Headers.RetryAfter!.Delta);
        Assert.False(refused.Json.GetProperty("outcomeUnknown").GetBoolean());
        hub.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(200, (await hub.RunAsync("put")).Status);
    }

    [Fact]
    public async Task Run_PauseIsShort_WaitsForIt()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 1 });
        Answer(hub, Fail(ErrorCategory.RateLimited, 429, false, TimeSpan.FromSeconds(3)), Good);
        await hub.RunAsync("get");

        var running = hub.RunAsync("post");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(1, (await hub.Client.SendAsync("GET", Limits)).Json.GetProperty("waiting").GetInt32());
        hub.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((200, 2), ((await running).Status, calls));
    }

    [Fact]
    public async Task Run_ProviderHasNothingLeft_IsNotAskedBeforeTheReset()
    {
        await using var hub = await StartAsync();
        hub.Adapter = (_, _) =>
        {
            calls++;
            return ValueTask.FromResult(OperationResult.Success(Good.Value, 200, rateLimit: new RateLimitSignal(0, hub.Time.GetUtcNow().AddSeconds(20), 100)));
        };
        await hub.RunAsync("get");

        var refused = await hub.RunAsync("get");

        Assert.Equal((429, 1), (refused.Status, calls));
        Assert.Equal(TimeSpan.FromSeconds(20), refused.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task Run_RateIsUsedUp_WaitsThenRefusesTruthfully()
    {
        await using var hub = await StartAsync(limits: new LimitsManifest { RequestsPerSecond = 0.25, Burst = 2 });
        Answer(hub, Good);
        await hub.RunAsync("get");
        await hub.RunAsync("get");

        var waits = hub.RunAsync("get");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(4));
        var refused = await hub.RunAsync("get");

        Assert.Equal((429, 2), (refused.Status, calls));
        Assert.Equal(TimeSpan.FromSeconds(8), refused.Headers.RetryAfter!.Delta);
        hub.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal((200, 3), ((await waits).Status, calls));
        hub.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(200, (await hub.RunAsync("get")).Status);
    }

    [Fact]
    public async Task Run_QueueIsFull_RefusesAtOnce()
    {
        await using var hub = await StartAsync(limits: new LimitsManifest { RequestsPerSecond = 1, Burst = 1 }, settings: ("Hub:Operations:QueueLength", "1"));
        Answer(hub, Good);
        await hub.RunAsync("get");
        var waits = hub.RunAsync("get");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(1));

        var refused = await hub.RunAsync("get");

        Assert.Equal(429, refused.Status);
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await waits).Status);
    }

    [Fact]
    public async Task Run_PlacesAreTaken_WaitsForOneAndNoLongerThanAllowed()
    {
        await using var hub = await StartAsync(limits: new LimitsManifest { Concurrency = 1 });
        var release = new TaskCompletionSource<OperationResult>();
        var entered = new TaskCompletionSource();
        hub.Adapter = (_, _) =>
        {
            calls++;
            entered.TrySetResult();
            return new(release.Task);
        };
        var runs = hub.RunAsync("get");
        await entered.Task;

        var late = hub.RunAsync("get");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(5));
        hub.Time.Advance(TimeSpan.FromSeconds(5));
        var refused = await late;
        var waits = hub.RunAsync("get");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(5));
        release.SetResult(Good);

        Assert.Equal((429, "rate_limited"), (refused.Status, refused["code"]));
        Assert.Equal((200, 200, 2), ((await runs).Status, (await waits).Status, calls));
    }

    [Fact]
    public async Task Run_DownloadNotReadYet_HoldsItsPlace()
    {
        await using var hub = await StartAsync(limits: new LimitsManifest { Concurrency = 1 });
        var pipe = new System.IO.Pipelines.Pipe();
        hub.Adapter = (request, _) => ValueTask.FromResult(request.Operation == "download"
            ? OperationResult.Stream(new OperationContent(pipe.Reader.AsStream(), "text/plain"), default)
            : Good);
        await pipe.Writer.WriteAsync("first"u8.ToArray());
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/connections/{OperationHub.ConnectionId}/operations/download");
        using var download = await hub.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(1, (await hub.Client.SendAsync("GET", Limits)).Json.GetProperty("inFlight").GetInt32());

        var waits = hub.RunAsync("get");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(5));
        await pipe.Writer.CompleteAsync();

        Assert.Equal("first", await download.Content.ReadAsStringAsync());
        Assert.Equal(200, (await waits).Status);
    }
}
