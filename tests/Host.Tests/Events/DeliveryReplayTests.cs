using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

/// <summary>Dead letters are sent again when somebody asks for it.</summary>
public sealed class DeliveryReplayTests
{
    [Fact]
    public async Task Replay_OfADeadLetter_IsANewDeliveryThatSaysSo()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(410);
        await using var hub = new DeliveryHarness();
        var (subscription, _) = await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        var hubEvent = await hub.PublishAsync();
        await hub.Store.Records.ReadAsync().Soon();
        await receiver.Received.ReadAsync().Soon();
        var dead = Assert.Single(hub.Store.Deliveries);

        receiver.AnswerWith(200);
        await hub.EnableAsync(subscription);
        var replay = (await hub.Store.ReplayOneAsync(dead.Id, hub.Time.GetUtcNow(), CancellationToken.None))!.Value.Delivery;
        hub.Signal.Wake();
        var got = await receiver.Received.ReadAsync().Soon();
        var record = await hub.Store.Records.ReadAsync().Soon();

        Assert.Equal((hubEvent.Id, "true"), (got.Headers["webhook-id"], got.Headers["webhook-replay"]));
        Assert.Equal((replay.Id, DeliveryStatus.Delivered), (record.Attempt.DeliveryId, record.Status));
        Assert.Equal(dead.Id, replay.ReplayOf);
        Assert.Equal(DeliveryStatus.Dead, hub.Store.Deliveries.Single(delivery => delivery.Id == dead.Id).Status);
    }

    [Fact]
    public async Task Replay_InBulk_SkipsWhatWasReplayedAndStopsAtTheLimit()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(410);
        await using var hub = new DeliveryHarness();
        var (subscription, _) = await hub.SubscribeAsync(receiver.Url);
        await hub.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            hub.Time.Advance(TimeSpan.FromMilliseconds(1));
            await hub.PublishAsync();
            await hub.Store.Records.ReadAsync().Soon();
            await hub.EnableAsync(subscription);
        }

        receiver.AnswerWith(200);
        var first = await hub.Store.ReplayAsync(new DeadLetterQuery(), 3, hub.Time.GetUtcNow(), CancellationToken.None);
        hub.Signal.Wake();
        Assert.Equal((3, 0, true), (first.Made.Count, first.Skipped, first.HasMore));
        var second = await hub.Store.ReplayAsync(new DeadLetterQuery(), 3, hub.Time.GetUtcNow(), CancellationToken.None);
        hub.Signal.Wake();
        Assert.Equal((2, 3, false), (second.Made.Count, second.Skipped, second.HasMore));
        for (var i = 0; i < 5; i++)
            Assert.Equal(DeliveryStatus.Delivered, (await hub.Store.Records.ReadAsync().Soon()).Status);
    }
}
