using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

public sealed class DeliveryWorkerTests
{
    [Fact]
    public async Task Delivery_OfAnEvent_IsSignedAndEnveloped()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        var (_, secret) = await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();

        var hubEvent = await hub.PublishAsync();
        var got = await receiver.Received.ReadAsync().Soon();
        var record = await hub.Store.Records.ReadAsync().Soon();

        Assert.Equal(hubEvent.Id, got.Headers["webhook-id"]);
        Assert.Equal(hub.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), got.Headers["webhook-timestamp"]);
        Assert.Equal(DeliveryHarness.Signature(got, secret), got.Headers["webhook-signature"]);
        Assert.Equal("application/cloudevents+json; charset=utf-8", got.Headers["Content-Type"]);
        Assert.StartsWith("IntegrationHub/", got.Headers["User-Agent"], StringComparison.Ordinal);
        Assert.DoesNotContain("webhook-replay", got.Headers.Keys);
        using var body = JsonDocument.Parse(got.Body);
        Assert.Equal(hubEvent.Id, body.RootElement.GetProperty("id").GetString());
        Assert.Equal(42, body.RootElement.GetProperty("data").GetProperty("amount").GetInt32());
        Assert.Equal((DeliveryStatus.Delivered, 200), (record.Status, record.Attempt.Status));
        Assert.Equal(DeliveryStatus.Delivered, Assert.Single(hub.Store.Deliveries).Status);
    }

    [Fact]
    public async Task Delivery_ThatKeepsFailing_FollowsTheScheduleAndDiesWithTheReason()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(503);
        await using var hub = new DeliveryHarness();
        var (_, secret) = await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();

        var bodies = new List<string>();
        foreach (var pause in RetrySchedule.StandardDelays)
        {
            var got = await receiver.Received.ReadAsync().Soon();
            Assert.Equal(DeliveryHarness.Signature(got, secret), got.Headers["webhook-signature"]);
            bodies.Add(Encoding.UTF8.GetString(got.Body));
            var record = await hub.Store.Records.ReadAsync().Soon();
            Assert.Equal(DeliveryStatus.Pending, record.Status);
            Assert.Equal(hub.Time.GetUtcNow() + pause, record.NextAttemptAt);
            await hub.SleepAsync(pause);
        }

        await receiver.Received.ReadAsync().Soon();
        var last = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal((DeliveryStatus.Dead, 8), (last.Status, last.Attempt.Number));
        Assert.Equal("Given up after 8 attempts. The last one: The endpoint answered 503.", last.Reason);
        Assert.Single(bodies.Distinct());
        Assert.False(receiver.Received.TryRead(out _));
    }

    [Fact]
    public async Task Delivery_RecoversOnTheSecondAttempt_IsDelivered()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(500);
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        await hub.Store.Records.ReadAsync().Soon();

        receiver.AnswerWith(204);
        await hub.SleepAsync(TimeSpan.FromSeconds(5));
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal((DeliveryStatus.Delivered, 2), (record.Status, record.Attempt.Number));
    }

    [Fact]
    public async Task Delivery_AnsweredGone_IsDeadAtOnce()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(410);
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal((DeliveryStatus.Dead, 1), (record.Status, record.Attempt.Number));
        Assert.Contains("410", record.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delivery_AnsweredByARedirect_FailsAndDoesNotFollow()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = receiver.Url + "/elsewhere";
            return Task.CompletedTask;
        };
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal(("refused", 307), (record.Attempt.Outcome, record.Attempt.Status));
        Assert.Contains("redirects are not followed", record.Reason, StringComparison.Ordinal);
        await receiver.Received.ReadAsync().Soon();
        Assert.False(receiver.Received.TryRead(out _));
    }

    [Fact]
    public async Task Delivery_WithoutAnAnswerInTime_TimesOut()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = (_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        await receiver.Received.ReadAsync().Soon();
        hub.Time.Advance(hub.Options.Timeout);
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal(("timeout", "The endpoint did not answer within 15 s."), (record.Attempt.Outcome, record.Reason));
    }

    [Fact]
    public async Task Delivery_ToNobody_FailsToConnect()
    {
        string url;
        await using (var gone = await EventReceiver.StartAsync())
            url = gone.Url;
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(url);
        await hub.StartAsync();
        await hub.PublishAsync();
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal(("connect_failed", DeliveryStatus.Pending), (record.Attempt.Outcome, record.Status));
    }

    [Fact]
    public async Task Delivery_ToADeniedAddress_SaysSo()
    {
        await using var hub = new DeliveryHarness(handler: new ThrowingHandler(
            new HttpRequestException("The connection failed.", new HttpRequestException("egress denied: 169.254.169.254 is link-local"))));
        await hub.SubscribeAsync("https://example.com/hooks");
        await hub.StartAsync();
        await hub.PublishAsync();
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal("denied", record.Attempt.Outcome);
        Assert.Contains("link-local", record.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delivery_WithALongHostileAnswer_KeepsTheStartWithoutControlCharacters()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = async (_, context) =>
        {
            context.Response.StatusCode = 500;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("\u001b[31mbad\r\n" + new string('x', 100_000)));
        };
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        var record = await hub.Store.Records.ReadAsync().Soon();
        Assert.StartsWith("[31mbad\nxxx", record.Attempt.ResponseBody, StringComparison.Ordinal);
        Assert.Equal(WebhookTarget.MaxAnswer - 2, record.Attempt.ResponseBody!.Length);
    }

    [Fact]
    public async Task Delivery_AfterRotation_IsSignedWithBothSecretsUntilTheOverlapEnds()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        var (subscription, oldSecret) = await hub.SubscribeAsync(receiver.Url);
        var (rotated, newSecret) = new SubscriptionSecrets(hub.Sealer).Rotate(subscription, hub.Time.GetUtcNow() + TimeSpan.FromHours(24));
        Assert.True(await hub.Subscriptions.UpdateAsync(rotated with { Version = 2 }, CancellationToken.None));
        await hub.Registry.LoadAsync(CancellationToken.None);
        await hub.StartAsync();

        await hub.PublishAsync();
        var during = await receiver.Received.ReadAsync().Soon();
        Assert.Equal($"{DeliveryHarness.Signature(during, newSecret)} {DeliveryHarness.Signature(during, oldSecret)}", during.Headers["webhook-signature"]);
        await hub.Store.Records.ReadAsync().Soon();

        hub.Time.Advance(TimeSpan.FromHours(24));
        await hub.PublishAsync();
        var after = await receiver.Received.ReadAsync().Soon();
        Assert.Equal(DeliveryHarness.Signature(after, newSecret), after.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task SlowEndpoint_WithABacklog_LeavesTheOthersAlone()
    {
        await using var slow = await EventReceiver.StartAsync();
        await using var quick = await EventReceiver.StartAsync();
        var release = new TaskCompletionSource();
        slow.Answer = (_, _) => release.Task;
        await using var hub = new DeliveryHarness(options => (options.Concurrency, options.ConcurrencyPerEndpoint) = (4, 2));
        await hub.SubscribeAsync(slow.Url, "acme.slow");
        await hub.SubscribeAsync(quick.Url, "acme.quick");
        for (var i = 0; i < 50; i++)
            await hub.PublishAsync("acme.slow");
        for (var i = 0; i < 20; i++)
            await hub.PublishAsync("acme.quick");

        // The slow endpoint's backlog is older, and comes first.
        await hub.StartAsync();
        for (var i = 0; i < 20; i++)
            await quick.Received.ReadAsync().Soon();

        Assert.InRange(slow.Received.Count, 0, 2);
        release.SetResult();
        for (var i = 0; i < 50; i++)
            await slow.Received.ReadAsync().Soon();
        for (var i = 0; i < 70; i++)
            Assert.Equal(DeliveryStatus.Delivered, (await hub.Store.Records.ReadAsync().Soon()).Status);
    }

    [Fact]
    public async Task Subscription_DeletedOrDisabled_NothingIsSent()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        var (deleted, _) = await hub.SubscribeAsync(receiver.Url);
        var (disabled, _) = await hub.SubscribeAsync(receiver.Url);
        await hub.PublishAsync();
        await hub.Subscriptions.DeleteAsync(deleted.Id, CancellationToken.None);
        await hub.Subscriptions.UpdateAsync(disabled with { Enabled = false, Version = 2 }, CancellationToken.None);
        await hub.Registry.LoadAsync(CancellationToken.None);

        await hub.StartAsync();
        await hub.Store.Records.ReadAsync().Soon();
        await hub.Store.Records.ReadAsync().Soon();
        Assert.Equal(DeliveryStatus.Cancelled, hub.Store.Deliveries.Single(delivery => delivery.SubscriptionId == deleted.Id).Status);
        var dead = hub.Store.Deliveries.Single(delivery => delivery.SubscriptionId == disabled.Id);
        Assert.Equal(DeliveryStatus.Dead, dead.Status);
        Assert.Contains("disabled", dead.Reason, StringComparison.Ordinal);
        Assert.False(receiver.Received.TryRead(out _));
    }

    [Fact]
    public async Task Queue_Empty_IsNotPolled()
    {
        await using var hub = new DeliveryHarness();
        await hub.StartAsync();
        await hub.Time.WhenTimerIsDueInAsync(DeliveryHarness.Tick).Soon();
        Assert.Equal((1, 0), (hub.Store.AgendaCalls, hub.Store.LeaseCalls));
        hub.Time.Advance(TimeSpan.FromDays(29));
        Assert.Equal((1, 0), (hub.Store.AgendaCalls, hub.Store.LeaseCalls));
    }

    private sealed class ThrowingHandler(Exception exception) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw exception;
    }
}
