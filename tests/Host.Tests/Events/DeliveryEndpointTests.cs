using System.Globalization;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Events;

/// <summary>What the worker makes of the ways in which endpoints fail, and of what subscriptions ask for.</summary>
public sealed class DeliveryEndpointTests
{
    [Fact]
    public async Task Answer410_DisablesTheSubscriptionAndTellsWhy()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(410);
        await using var hub = new DeliveryHarness(options => options.ConcurrencyPerEndpoint = 1);
        var (subscription, _) = await hub.SubscribeAsync(receiver.Url);
        await hub.PublishAsync();
        await hub.PublishAsync();
        await hub.StartAsync();
        Assert.Contains("410", (await hub.Store.Records.ReadAsync().Soon()).Reason, StringComparison.Ordinal);

        // What else was on its way is not sent.
        var second = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal((DeliveryStatus.Dead, (int?)null), (second.Status, second.Attempt.Status));
        Assert.StartsWith("Not sent: the subscription was disabled. The endpoint answered 410", second.Reason, StringComparison.Ordinal);
        await receiver.Received.ReadAsync().Soon();
        Assert.False(receiver.Received.TryRead(out _));

        var now = (await hub.Subscriptions.GetAsync(subscription.Id, CancellationToken.None))!;
        Assert.Equal((false, 2), (now.Enabled, now.Version));
        Assert.StartsWith("The endpoint answered 410", now.DisabledReason, StringComparison.Ordinal);
        var notice = Assert.Single(hub.HubEvents.All);
        Assert.Equal(("endpoint.disabled", subscription.Project, subscription.Id), (notice.Type, notice.Project, notice.Subject));
        Assert.Equal(("subscription.disabled", subscription.Id), Assert.Single(hub.Audit.Entries) is var entry ? (entry.Action, entry.Target) : default);
    }

    [Fact]
    public async Task Backlog_OfADeadEndpoint_LosesNoAttempts()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(500);
        await using var hub = new DeliveryHarness(options => (options.CircuitFailures, options.ConcurrencyPerEndpoint) = (3, 1));
        await hub.SubscribeAsync(receiver.Url);
        for (var i = 0; i < 10; i++)
            await hub.PublishAsync();
        await hub.StartAsync();
        for (var i = 0; i < 3; i++)
            Assert.Equal(DeliveryStatus.Pending, (await hub.Store.Records.ReadAsync().Soon()).Status);

        await hub.SleepAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(DeliveryStatus.Pending, (await hub.Store.Records.ReadAsync().Soon()).Status);
        await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(60)).Soon();
        Assert.Equal(4, receiver.Received.Count);
        Assert.Equal(4, hub.Store.Deliveries.Sum(delivery => delivery.Attempts));

        receiver.AnswerWith(200);
        hub.Time.Advance(TimeSpan.FromSeconds(60));
        for (var i = 0; i < 10; i++)
            Assert.Equal(DeliveryStatus.Delivered, (await hub.Store.Records.ReadAsync().Soon()).Status);
        Assert.Equal(14, receiver.Received.Count);
    }

    [Fact]
    public async Task Circuit_OfOneEndpoint_LeavesTheOthersAlone()
    {
        await using var dead = await EventReceiver.StartAsync();
        await using var quick = await EventReceiver.StartAsync();
        dead.AnswerWith(500);
        await using var hub = new DeliveryHarness(options => (options.CircuitFailures, options.Concurrency, options.ConcurrencyPerEndpoint) = (2, 2, 2));
        await hub.SubscribeAsync(dead.Url, "acme.dead");
        await hub.SubscribeAsync(quick.Url, "acme.quick");
        for (var i = 0; i < 50; i++)
            await hub.PublishAsync("acme.dead");
        await hub.StartAsync();
        for (var i = 0; i < 2; i++)
            await hub.Store.Records.ReadAsync().Soon();
        for (var i = 0; i < 20; i++)
            await hub.PublishAsync("acme.quick");
        for (var i = 0; i < 20; i++)
            await quick.Received.ReadAsync().Soon();
        Assert.InRange(dead.Received.Count, 2, 3);
    }

    [Theory]
    [InlineData(503, "120", 120)]
    [InlineData(429, "Thu, 01 Jan 2026 00:05:00 GMT", 300)]
    [InlineData(429, "1", 5)]
    [InlineData(503, "99999999", 3600)]
    [InlineData(503, "soon", 5)]
    [InlineData(400, "120", 5)]
    public async Task RetryAfter_InEitherForm_MovesTheNextAttemptWithinBounds(int status, string header, int seconds)
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = header;
            return Task.CompletedTask;
        };
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal((DeliveryStatus.Pending, hub.Time.GetUtcNow().AddSeconds(seconds)), (record.Status, record.NextAttemptAt));
    }

    [Fact]
    public async Task Settings_Timeout_IsTheSubscriptionsOwn()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = (_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url, change: made => made with { Settings = new() { TimeoutSeconds = 3 } });
        await hub.StartAsync();
        await hub.PublishAsync();
        await receiver.Received.ReadAsync().Soon();
        hub.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("The endpoint did not answer within 3 s.", (await hub.Store.Records.ReadAsync().Soon()).Reason);
    }

    [Fact]
    public async Task Settings_ConcurrencyAndRate_AreKept()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url, change: made => made with { Settings = new() { Concurrency = 2, Rate = 1 } });
        for (var i = 0; i < 3; i++)
            await hub.PublishAsync();
        await hub.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await hub.Store.Records.ReadAsync().Soon();
            Assert.Equal(i + 1, receiver.Received.Count);
            if (i < 2)
                await hub.SleepAsync(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Headers_OfTheSubscription_AreSentAndNeverReplaceTheHubs()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        var headers = new { headers = new Dictionary<string, string> { ["Authorization"] = "Bearer abc", ["X-Tenant"] = "acme", ["webhook-id"] = "forged", ["Content-Type"] = "text/plain", ["Content-Language"] = "en" } };
        await hub.SubscribeAsync(receiver.Url, change: made => new SubscriptionSecrets(hub.Sealer).WithSettings(made, JsonSerializer.SerializeToElement(headers)));
        await hub.StartAsync();
        var hubEvent = await hub.PublishAsync();
        var got = await receiver.Received.ReadAsync().Soon();
        Assert.Equal(("Bearer abc", "acme", "en"), (got.Headers["Authorization"], got.Headers["X-Tenant"], got.Headers["Content-Language"]));
        Assert.Equal((hubEvent.Id, CloudEventWriter.ContentType), (got.Headers["webhook-id"], got.Headers["Content-Type"]));
    }

    [Fact]
    public async Task Answer_Headers_AreKeptWithoutSecrets()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = 500;
            context.Response.Headers["X-Request"] = "r-1";
            context.Response.Headers.SetCookie = "session=abc";
            context.Response.Headers["X-Auth-Token"] = "abc";
            context.Response.Headers["X-Long"] = new string('x', 5000);
            return Task.CompletedTask;
        };
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        var kept = (await hub.Store.Records.ReadAsync().Soon()).Attempt.ResponseHeaders.ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase);
        Assert.Equal(("r-1", "[redacted]", "[redacted]", 256), (kept["X-Request"], kept["Set-Cookie"], kept["X-Auth-Token"], kept["X-Long"].Length));
    }

    [Fact]
    public async Task Answer_WhoseBodyTrickles_CountsByItsStatus()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = async (_, context) =>
        {
            await context.Response.Body.WriteAsync("x"u8.ToArray());
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        await hub.SleepAsync(WebhookTarget.BodyPatience);
        Assert.Equal((DeliveryStatus.Delivered, 200), await hub.Store.Records.ReadAsync().Soon() is var record ? (record.Status, record.Attempt.Status) : default);
    }

    [Fact]
    public async Task Failing_ForTooLong_IsWarnedOfAndDisabled()
    {
        await using var hub = new DeliveryHarness();
        var (subscription, _) = await hub.SubscribeAsync("https://example.com/hooks");
        var answer = new TargetAnswer { Outcome = DeliveryOutcomes.Timeout, Error = "The endpoint did not answer within 15 s." };
        for (var hours = 0; hours <= 120; hours += 12)
        {
            await hub.Endpoints.ObserveAsync(subscription, Attempt(hub, answer), answer, CancellationToken.None);
            hub.Time.Advance(TimeSpan.FromHours(12));
        }

        Assert.Equal(["endpoint.failing", "endpoint.failing", "endpoint.failing", "endpoint.disabled"], hub.HubEvents.All.Select(notice => notice.Type));
        var first = JsonSerializer.SerializeToElement(hub.HubEvents.All[0].Data);
        Assert.Equal((50, "example.com"), (first.GetProperty("percent").GetInt32(), first.GetProperty("target").GetString()));
        var now = (await hub.Subscriptions.GetAsync(subscription.Id, CancellationToken.None))!;
        Assert.False(now.Enabled);
        Assert.StartsWith("Every attempt failed for 5 days, since 2026-01-01 00:00:00Z. The last one: The endpoint did not answer", now.DisabledReason, StringComparison.Ordinal);
        Assert.Null(hub.Registry.Find(subscription.Id));
    }

    [Fact]
    public async Task Failures_OfTheHubItself_SayNothingOfTheEndpoint()
    {
        await using var hub = new DeliveryHarness();
        var (subscription, _) = await hub.SubscribeAsync("https://example.com/hooks");
        var answer = new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = "No key.", IsHubFault = true };
        await hub.Endpoints.ObserveAsync(subscription, Attempt(hub, answer), answer, CancellationToken.None);
        Assert.Null(hub.Endpoints.Find(subscription.Id)?.State.FailingSince);
    }

    [Fact]
    public async Task State_OfEndpoints_OutlivesTheProcess()
    {
        await using var hub = new DeliveryHarness(options => options.CircuitFailures = 1);
        var (subscription, _) = await hub.SubscribeAsync("https://example.com/hooks");
        var answer = new TargetAnswer { Outcome = DeliveryOutcomes.ConnectFailed, Error = "No connection to the endpoint could be made." };
        using (var worker = new EndpointStateWorker(hub.Endpoints, new OptionsWrapper<DeliveryOptions>(hub.Options), hub.Time, NullLogger<EndpointStateWorker>.Instance))
        {
            await worker.StartAsync(CancellationToken.None);
            await hub.Endpoints.ObserveAsync(subscription, Attempt(hub, answer), answer, CancellationToken.None);
            await hub.Endpoints.ObserveAsync(subscription, Attempt(hub, answer), answer, CancellationToken.None);
            await worker.StopAsync(CancellationToken.None).Soon();
        }

        Assert.Equal(1, hub.EndpointStates.Writes);
        await using var next = new DeliveryHarness(time: hub.Time, states: hub.EndpointStates);
        await next.Endpoints.LoadAsync(CancellationToken.None);
        Assert.Equal((EndpointCircuit.Open, 2), next.Endpoints.Find(subscription.Id) is { } found ? (found.Circuit, found.State.Failures) : default);
    }

    private static DeliveryAttempt Attempt(DeliveryHarness hub, TargetAnswer answer) => new()
    {
        Id = "att_" + hub.Time.GetUtcNow().Ticks.ToString(CultureInfo.InvariantCulture),
        DeliveryId = "dlv_1",
        Number = 1,
        StartedAt = hub.Time.GetUtcNow(),
        Duration = TimeSpan.Zero,
        Status = answer.Status,
        Outcome = answer.Outcome,
        Error = answer.Error,
    };
}
