using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Storage;

namespace IntegrationHub.Host.Tests.Events;

/// <summary>The wall clock jumps: somebody sets it, or a virtual machine wakes up.</summary>
public sealed class DeliveryClockTests
{
    [Fact]
    public async Task Clock_JumpsAheadDuringAnAttempt_TakesOverWhatIsLeftAloneAndSendsNothingTwice()
    {
        await using var slow = await EventReceiver.StartAsync();
        await using var quick = await EventReceiver.StartAsync();
        var release = new TaskCompletionSource();
        slow.Answer = (_, _) => release.Task;
        await using var hub = new DeliveryHarness();
        await hub.SubscribeAsync(slow.Url, "acme.slow");
        await hub.SubscribeAsync(quick.Url, "acme.quick");
        await hub.PublishAsync("acme.quick");
        Assert.Single(await hub.Store.LeaseAsync("crashed", hub.Time.GetUtcNow(), TimeSpan.FromMinutes(1), 10, CancellationToken.None));
        var worker = await hub.StartAsync();
        await hub.PublishAsync("acme.slow");
        await slow.Received.ReadAsync().Soon();

        // All leases are over by now. What the crashed worker had is taken over; this one is at work on the rest.
        hub.Time.Ahead = TimeSpan.FromHours(1);
        await hub.PublishAsync("acme.quick");
        await quick.Received.ReadAsync().Soon();
        await quick.Received.ReadAsync().Soon();
        release.SetResult();
        for (var i = 0; i < 3; i++)
            Assert.Equal(DeliveryStatus.Delivered, (await hub.Store.Records.ReadAsync().Soon()).Status);

        await worker.StopAsync(CancellationToken.None).Soon();
        Assert.False(slow.Received.TryRead(out _));
    }
}
