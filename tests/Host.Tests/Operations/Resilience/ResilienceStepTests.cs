using System.Net;
using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>The pipeline with a provider whose answers the test writes, on a clock that the test moves.</summary>
public sealed class ResilienceStepTests
{
    private static readonly OperationResult Good = OperationHub.Value("{}");
    private int calls;

    [Theory]
    [InlineData(ErrorCategory.Unavailable, null, true, "get", 3)]
    [InlineData(ErrorCategory.Unavailable, null, true, "put", 3)]
    [InlineData(ErrorCategory.Unavailable, null, true, "pay", 3)]
    [InlineData(ErrorCategory.Unavailable, null, true, "post", 1)]
    [InlineData(ErrorCategory.Unavailable, null, false, "post", 3)]
    [InlineData(ErrorCategory.Unavailable, 503, false, "post", 1)]
    [InlineData(ErrorCategory.Unavailable, 500, false, "pay", 3)]
    [InlineData(ErrorCategory.Timeout, null, true, "get", 3)]
    [InlineData(ErrorCategory.Timeout, 504, true, "post", 1)]
    [InlineData(ErrorCategory.RateLimited, 429, false, "post", 3)]
    [InlineData(ErrorCategory.RateLimited, 429, true, "post", 1)]
    [InlineData(ErrorCategory.ProviderError, 500, false, "get", 3)]
    [InlineData(ErrorCategory.ProviderError, 501, false, "get", 1)]
    [InlineData(ErrorCategory.ProviderError, 200, false, "get", 1)]
    [InlineData(ErrorCategory.InvalidParams, 400, false, "get", 1)]
    [InlineData(ErrorCategory.Unauthenticated, 401, false, "get", 1)]
    [InlineData(ErrorCategory.NotFound, 404, false, "get", 1)]
    [InlineData(ErrorCategory.Conflict, 409, false, "get", 1)]
    [InlineData(ErrorCategory.Declined, 402, false, "pay", 1)]
    public async Task Run_Failure_IsRepeatedOnlyWhereThatHelpsAndDoesNoHarm(ErrorCategory category, int? status, bool unknown, string operation, int attempts)
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 3, BaseDelay = TimeSpan.Zero });
        Answer(hub, Fail(category, status, unknown, category == ErrorCategory.RateLimited ? TimeSpan.Zero : null));

        var answer = await hub.RunAsync(operation, operation == "pay" ? """{ "params": { "amount": 1 } }""" : "{}");

        Assert.Equal(attempts, calls);
        Assert.InRange(answer.Status, 400, 504);
    }

    [Fact]
    public async Task Run_Repeated_SendsTheSameKey()
    {
        await using var hub = await StartAsync(new RetryManifest { BaseDelay = TimeSpan.Zero });
        var keys = new List<string?>();
        hub.Adapter = (request, _) =>
        {
            keys.Add(request.IdempotencyKey);
            return ValueTask.FromResult(keys.Count < 3 ? Fail(ErrorCategory.Unavailable, null, true) : Good);
        };

        var answer = await hub.RunAsync("pay", """{ "params": { "amount": 1 } }""");

        Assert.Equal((200, 3), (answer.Status, answer.Json.GetProperty("meta").GetProperty("attempts").GetInt32()));
        Assert.Equal(3, keys.Count);
        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task Run_ContentIsSent_IsNeverRepeated()
    {
        await using var hub = await StartAsync(new RetryManifest { BaseDelay = TimeSpan.Zero });
        Answer(hub, Fail(ErrorCategory.Unavailable, null, false));
        using var content = new ByteArrayContent("content"u8.ToArray());
        content.Headers.ContentType = new("application/octet-stream");

        using var answer = await hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/upload", content);

        Assert.Equal((HttpStatusCode.BadGateway, 1), (answer.StatusCode, calls));
    }

    [Fact]
    public async Task Run_RetryAfterFits_IsWaitedForExactly()
    {
        await using var hub = await StartAsync();
        Answer(hub, Fail(ErrorCategory.Unavailable, 503, false, TimeSpan.FromSeconds(17)), Good);

        var running = hub.RunAsync("get");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(17));
        Assert.Equal(1, calls);
        hub.Time.Advance(TimeSpan.FromSeconds(17));
        var answer = await running;

        Assert.Equal((200, 2), (answer.Status, calls));
        Assert.Equal(17_000, answer.Json.GetProperty("meta").GetProperty("waitedMs").GetDouble());
    }

    [Fact]
    public async Task Run_RetryAfterIsLongerThanTheTotalTimeout_AnswersAtOnceWithIt()
    {
        await using var hub = await StartAsync();
        Answer(hub, Fail(ErrorCategory.RateLimited, 429, false, TimeSpan.FromSeconds(90)));

        var answer = await hub.RunAsync("get");

        Assert.Equal((429, "rate_limited", 1), (answer.Status, answer["code"], calls));
        Assert.Equal(TimeSpan.FromSeconds(90), answer.Headers.RetryAfter!.Delta);
    }

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

    [Fact]
    public async Task Run_FiveFailures_OpenTheCircuitAndThreeSuccessesCloseIt()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 1 });
        var works = false;
        hub.Adapter = (_, _) =>
        {
            calls++;
            return ValueTask.FromResult(works ? Good : Fail(ErrorCategory.Unavailable, 500, false));
        };
        for (var i = 0; i < 5; i++)
            Assert.Equal(502, (await hub.RunAsync("post")).Status);

        hub.Time.Advance(TimeSpan.FromSeconds(15));
        var open = await hub.RunAsync("get");
        var health = await HealthAsync(hub);
        var limits = await hub.Client.SendAsync("GET", Limits);

        Assert.Equal((503, "circuit_open", 5), (open.Status, open["code"], calls));
        Assert.Equal(TimeSpan.FromSeconds(45), open.Headers.RetryAfter!.Delta);
        Assert.Equal((ConnectionHealthState.Failing, "circuit_open"), (health!.State, health.Code));
        Assert.Equal("open", limits.Json.GetProperty("circuit").GetProperty("state").GetString());

        hub.Time.Advance(TimeSpan.FromSeconds(45));
        works = true;
        Assert.Equal(200, (await hub.RunAsync("get")).Status);
        Assert.Equal(ConnectionHealthState.Degraded, (await HealthAsync(hub))!.State);
        Assert.Equal(200, (await hub.RunAsync("get")).Status);
        Assert.Equal(200, (await hub.RunAsync("get")).Status);
        Assert.Null(await HealthAsync(hub));
    }

    [Fact]
    public async Task Run_CircuitOpensBetweenAttempts_AnswersWithWhatTheProviderSaid()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 10, BaseDelay = TimeSpan.Zero });
        Answer(hub, Fail(ErrorCategory.Unavailable, 500, false));

        var answer = await hub.RunAsync("get");

        Assert.Equal((502, "unavailable", 5), (answer.Status, answer["code"], calls));
    }

    [Theory]
    [InlineData(ErrorCategory.InvalidParams, 400)]
    [InlineData(ErrorCategory.Unauthenticated, 401)]
    [InlineData(ErrorCategory.Declined, 402)]
    [InlineData(ErrorCategory.NotFound, 404)]
    [InlineData(ErrorCategory.ProviderError, null)]
    public async Task Run_CallersMistakes_NeverOpenTheCircuit(ErrorCategory category, int? status)
    {
        await using var hub = await StartAsync();
        Answer(hub, Fail(category, status, false));

        for (var i = 0; i < 20; i++)
            await hub.RunAsync("get");

        Assert.Equal(20, calls);
        Assert.Null(await HealthAsync(hub));
    }

    [Fact]
    public async Task Run_AllAttemptsTakeTooLong_EndsWithTheTotalTimeout()
    {
        await using var hub = await StartAsync(new RetryManifest { AttemptTimeout = TimeSpan.FromSeconds(4), TotalTimeout = TimeSpan.FromSeconds(10), BaseDelay = TimeSpan.Zero });
        hub.Adapter = async (_, token) =>
        {
            calls++;
            await Task.Delay(Timeout.InfiniteTimeSpan, hub.Time, token);
            return Good;
        };

        var running = hub.RunAsync("put");
        for (var i = 0; i < 3; i++)
        {
            await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(4));
            hub.Time.Advance(TimeSpan.FromSeconds(i < 2 ? 4 : 2));
        }

        var answer = await running;

        Assert.Equal((504, "timeout", 3), (answer.Status, answer["code"], calls));
        Assert.True(answer.Json.GetProperty("outcomeUnknown").GetBoolean());
    }

    [Fact]
    public async Task Run_EarlierAttemptMayHaveHadAnEffect_IsNotForgotten()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 2, BaseDelay = TimeSpan.Zero });
        Answer(hub, Fail(ErrorCategory.Unavailable, null, true), Fail(ErrorCategory.Unavailable, null, false));
        var unreachable = await hub.RunAsync("put");
        calls = 0;
        Answer(hub, Fail(ErrorCategory.Unavailable, null, true), Fail(ErrorCategory.Conflict, 409, false));
        var answered = await hub.RunAsync("put");
        calls = 0;
        var settled = await hub.RunAsync("pay", """{ "params": { "amount": 1 } }""");

        Assert.True(answered.Json.GetProperty("outcomeUnknown").GetBoolean());
        Assert.True(unreachable.Json.GetProperty("outcomeUnknown").GetBoolean());
        Assert.False(settled.Json.GetProperty("outcomeUnknown").GetBoolean());
    }

    [Fact]
    public async Task Run_PluginStopsDuringTheBackoff_EndsAtOnceAndGivesTheLeaseBack()
    {
        await using var hub = await StartAsync();
        using var stopping = new CancellationTokenSource();
        hub.Stopping = stopping.Token;
        Answer(hub, Fail(ErrorCategory.Unavailable, 503, false, TimeSpan.FromSeconds(50)));
        var running = hub.RunAsync("get");
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(50));

        await stopping.CancelAsync();
        var answer = await running;

        Assert.Equal((502, "unavailable", 1), (answer.Status, answer["code"], calls));
        Assert.Equal(0, hub.Leases);
    }

    [Fact]
    public async Task Run_CallerLeavesDuringTheBackoff_EndsAtOnce()
    {
        await using var hub = await StartAsync();
        Answer(hub, Fail(ErrorCategory.Unavailable, 503, false, TimeSpan.FromSeconds(50)));
        using var leaves = new CancellationTokenSource();
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        var running = hub.Client.PostAsync($"/api/connections/{OperationHub.ConnectionId}/operations/get", body, leaves.Token);
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(50));

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        while (hub.Leases > 0)
            await Task.Yield();

        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Limits_OperatorsOverrides_WinOverTheManifest()
    {
        await using var hub = await StartAsync(
            new RetryManifest { MaxAttempts = 5, BaseDelay = TimeSpan.Zero },
            new LimitsManifest { RequestsPerSecond = 100, Concurrency = 50 },
            ("Hub:Providers:ACME:Limits:RequestsPerSecond", "3"), ("Hub:Providers:ACME:Retry:MaxAttempts", "2"), ($"Hub:Connections:{OperationHub.ConnectionId}:Limits:Concurrency", "7"));
        Answer(hub, Fail(ErrorCategory.Unavailable, 500, false));
        await hub.RunAsync("get");

        var limits = (await hub.Client.SendAsync("GET", Limits)).Json;

        Assert.Equal(2, calls);
        Assert.Equal((3, 3, 7), (limits.GetProperty("bucket").GetProperty("requestsPerSecond").GetDouble(), limits.GetProperty("bucket").GetProperty("burst").GetInt32(), limits.GetProperty("concurrency").GetInt32()));
    }

    [Theory]
    [InlineData("Hub:Operations:MaxWait", "-00:00:01")]
    [InlineData("Hub:Operations:ProviderConcurrency", "0")]
    [InlineData("Hub:Operations:Defaults:Retry:MaxAttempts", "0")]
    [InlineData("Hub:Providers:acme:Limits:RequestsPerSecond", "0")]
    [InlineData("Hub:Providers:acme:Retry:TotalTimeout", "00:00:00")]
    [InlineData("Hub:Connections:conn_1:Breaker:Failures", "-1")]
    public async Task Start_SettingMakesNoSense_SaysWhich(string key, string value)
    {
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(settings: (key, value)));

        Assert.Contains(key, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_OpenCircuit_ClosesItAndIsAudited()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 1 });
        Answer(hub, Fail(ErrorCategory.Unavailable, 500, false));
        for (var i = 0; i < 5; i++)
            await hub.RunAsync("get");

        hub.Caller = new Caller("key_9", "operator", HubRole.Operator, null);
        var reset = await hub.Client.SendAsync("POST", Limits + "/reset");

        Assert.Equal("closed", reset.Json.GetProperty("circuit").GetProperty("state").GetString());
        Assert.Equal(502, (await hub.RunAsync("get")).Status);
        Assert.Contains(hub.Audit.Entries, entry => (entry.Action, entry.Target, entry.Actor) == ("connection.limits_reset", OperationHub.ConnectionId, "key_9"));
    }

    [Fact]
    public async Task Limits_AnotherProjectsConnection_IsNotThere()
    {
        await using var hub = await StartAsync();
        hub.Caller = new Caller("key_2", "other", HubRole.Admin, new HashSet<string> { "blog" });

        Assert.Equal(404, (await hub.Client.SendAsync("GET", Limits)).Status);
        Assert.Equal(404, (await hub.Client.SendAsync("POST", Limits + "/reset")).Status);
    }

    private static string Limits => $"/api/connections/{OperationHub.ConnectionId}/limits";

    private static OperationResult Fail(ErrorCategory category, int? status, bool unknown, TimeSpan? retryAfter = null) => OperationResult.Failure(new ProviderError
    {
        Category = category, Message = "No.", ProviderStatus = status, OutcomeUnknown = unknown, RetryAfter = retryAfter,
    });

    private static async Task<HealthFinding?> HealthAsync(OperationHub hub) =>
        await hub.Get<IConnectionHealthSource>().FindAsync(hub.Connection, CancellationToken.None);

    private static async Task<OperationHub> StartAsync(RetryManifest? retry = null, LimitsManifest? limits = null, params (string, string)[] settings)
    {
        var hub = await OperationHub.StartAsync(null, settings);
        hub.Change = manifest => manifest with
        {
            Retry = retry,
            Limits = limits,
            Operations = new Dictionary<string, OperationManifest>(manifest.Operations)
            {
                ["get"] = new() { Http = new HttpManifest { Method = "GET", Path = "/" } },
                ["put"] = new() { Http = new HttpManifest { Method = "PUT", Path = "/" } },
                ["post"] = new() { Http = new HttpManifest { Method = "POST", Path = "/" } },
            },
        };
        return hub;
    }

    /// <summary>Answers in this order, and then always the last.</summary>
    private void Answer(OperationHub hub, params OperationResult[] results) =>
        hub.Adapter = (_, _) => ValueTask.FromResult(results[Math.Min(Interlocked.Increment(ref calls), results.Length) - 1]);
}
