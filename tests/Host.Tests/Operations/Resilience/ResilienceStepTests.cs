using System.Net;
using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>What is tried again, and when it ends.</summary>
public sealed class ResilienceStepTests : ResilienceScene
{
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
}
