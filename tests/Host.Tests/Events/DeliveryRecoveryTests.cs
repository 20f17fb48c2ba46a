using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Storage;

namespace IntegrationHub.Host.Tests.Events;

/// <summary>Workers that die, storage that fails, and hosts that stop: nothing is lost, and little is sent twice.</summary>
public sealed class DeliveryRecoveryTests
{
    [Fact]
    public async Task Lease_OfACrashedWorker_IsTakenOverWhenItExpires()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.PublishAsync();
        Assert.Single(await hub.Store.LeaseAsync("crashed", hub.Time.GetUtcNow(), TimeSpan.FromSeconds(60), 10, CancellationToken.None));

        await hub.StartAsync();
        await hub.SleepAsync(TimeSpan.FromSeconds(60));
        await receiver.Received.ReadAsync().Soon();
        Assert.Equal(DeliveryStatus.Delivered, (await hub.Store.Records.ReadAsync().Soon()).Status);
    }

    [Fact]
    public async Task Record_FailsForAWhile_IsTriedAgainWithoutASecondAttempt()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        hub.Store.FailingRecords = 2;
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        await hub.SleepAsync(TimeSpan.FromMilliseconds(100));
        await hub.SleepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(DeliveryStatus.Delivered, (await hub.Store.Records.ReadAsync().Soon()).Status);
        await receiver.Received.ReadAsync().Soon();
        Assert.False(receiver.Received.TryRead(out _));
    }

    [Fact]
    public async Task Record_FailsForGood_TheDeliveryIsMadeAgainAfterItsLease()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        hub.Store.FailingRecords = 4;
        await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        await hub.PublishAsync();
        await receiver.Received.ReadAsync().Soon();
        foreach (var seconds in new[] { 0.1, 1, 5 })
            await hub.SleepAsync(TimeSpan.FromSeconds(seconds));

        await hub.SleepAsync(TimeSpan.FromSeconds(60 - 6.1));
        await receiver.Received.ReadAsync().Soon();
        Assert.Equal(DeliveryStatus.Delivered, (await hub.Store.Records.ReadAsync().Soon()).Status);
    }

    [Fact]
    public async Task Stop_WithAnAttemptInFlight_FinishesItAndGivesTheRestBack()
    {
        await using var receiver = await EventReceiver.StartAsync();
        var release = new TaskCompletionSource();
        receiver.Answer = (_, _) => release.Task;
        await using var hub = new DeliveryHarness(options => options.ConcurrencyPerEndpoint = 1);
        await hub.SubscribeAsync(receiver.Url);
        for (var i = 0; i < 5; i++)
            await hub.PublishAsync();
        var worker = await hub.StartAsync();
        await receiver.Received.ReadAsync().Soon();

        var stopping = worker.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        release.SetResult();
        await stopping.Soon();

        Assert.Equal(1, hub.Store.Deliveries.Count(delivery => delivery.Status == DeliveryStatus.Delivered));
        Assert.Empty(hub.Store.Leased(worker.Owner));
        Assert.False(receiver.Received.TryRead(out _));
    }

    [Fact]
    public async Task Stop_WithoutPatience_BreaksOffAndGivesBack()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = (_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(receiver.Url);
        await hub.PublishAsync();
        var worker = await hub.StartAsync();
        await receiver.Received.ReadAsync().Soon();

        using var patience = new CancellationTokenSource();
        var stopping = worker.StopAsync(patience.Token);
        await patience.CancelAsync();
        await stopping.Soon();

        var delivery = Assert.Single(hub.Store.Deliveries);
        Assert.Equal((DeliveryStatus.Pending, 0), (delivery.Status, delivery.Attempts));
        Assert.Empty(hub.Store.Leased(worker.Owner));
    }
}
