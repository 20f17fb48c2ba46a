using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Retention;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class RetentionStoreCompliance : StoreCompliance
{
    private static readonly TimeSpan Plenty = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task PurgeAsync_Events_TakesTheOldWithAllThatBelongsToThem()
    {
        var subscription = await SubscribeAsync();
        var (old, delivery) = await DeliverAsync(subscription, DeliveryStatus.Dead);
        var cutoff = Some.Time();
        var (young, _) = await DeliverAsync(subscription, DeliveryStatus.Delivered);

        var slice = await Storage.Retention.PurgeAsync(All(RetentionKind.Events, cutoff), 0, 100, Plenty, None);

        Assert.Equal((1, false), (slice.Deleted, slice.HasMore));
        Assert.Null(await Storage.Events.GetAsync(old.Id, None));
        Assert.Null(await Storage.Deliveries.GetAsync(delivery.Id, None));
        Assert.Empty(await Storage.Deliveries.ListAttemptsAsync(delivery.Id, None));
        Assert.Null(await Storage.DeadLetters.GetAsync(delivery.Id, None));
        Assert.NotNull(await Storage.Events.GetAsync(young.Id, None));
    }

    [Fact]
    public async Task PurgeAsync_Events_KeepsThoseWithAPendingDelivery()
    {
        var (first, second) = (await SubscribeAsync(), await SubscribeAsync());
        var one = Some.Event();
        await Storage.Events.AppendAsync(Some.AppendTo(one, first, second), None);
        var leased = await Storage.Deliveries.LeaseAsync("w", Some.Time(), Plenty, 1, None);
        await Storage.Deliveries.RecordAsync("w", Some.Attempt(leased[0], DeliveryStatus.Delivered), None);

        var slice = await Storage.Retention.PurgeAsync(All(RetentionKind.Events, Some.Time()), 0, 100, Plenty, None);

        Assert.Equal(0, slice.Deleted);
        Assert.NotNull(await Storage.Events.GetAsync(one.Id, None));
        Assert.NotNull(await Storage.Deliveries.GetAsync(leased[0].Id, None));
    }

    [Fact]
    public async Task PurgeAsync_Walks_ConcernTheirProjectsOnly()
    {
        var shop = Some.Event(project: "shop");
        var bank = Some.Event(project: "bank");
        await Storage.Events.AppendAsync(Some.Append(shop, bank), None);
        var names = new HashSet<string> { "bank" };

        await Storage.Retention.PurgeAsync(new RetentionWalk(RetentionKind.Events, Some.Time(), names, Only: false), 0, 100, Plenty, None);
        Assert.Null(await Storage.Events.GetAsync(shop.Id, None));
        Assert.NotNull(await Storage.Events.GetAsync(bank.Id, None));

        await Storage.Retention.PurgeAsync(new RetentionWalk(RetentionKind.Events, Some.Time(), names, Only: true), 0, 100, Plenty, None);
        Assert.Null(await Storage.Events.GetAsync(bank.Id, None));
    }

    [Fact]
    public async Task PurgeAsync_InSlices_GoesOnWhereItWas()
    {
        for (var i = 0; i < 25; i++)
            await Storage.Events.AppendAsync(Some.Append(Some.Event()), None);
        var (position, deleted, slices) = (0L, 0, 0);
        RetentionSlice slice;
        do
        {
            slice = await Storage.Retention.PurgeAsync(All(RetentionKind.Events, Some.Time()), position, 10, TimeSpan.FromTicks(1), None);
            (position, deleted, slices) = (slice.Position, deleted + slice.Deleted, slices + 1);
        }
        while (slice.HasMore);

        Assert.Equal(25, deleted);
        Assert.InRange(slices, 6, 30);
    }

    [Fact]
    public async Task PurgeAsync_Attempts_LeavesTheDeliveryAndWhatIsPending()
    {
        var subscription = await SubscribeAsync();
        var (_, done) = await DeliverAsync(subscription, DeliveryStatus.Dead);
        var (_, waiting) = await DeliverAsync(subscription, DeliveryStatus.Pending);

        var slice = await Storage.Retention.PurgeAsync(All(RetentionKind.Attempts, Some.Time().AddMinutes(1)), 0, 100, Plenty, None);

        Assert.Equal(1, slice.Deleted);
        Assert.Empty(await Storage.Deliveries.ListAttemptsAsync(done.Id, None));
        Assert.Single(await Storage.Deliveries.ListAttemptsAsync(waiting.Id, None));
        Assert.NotNull(await Storage.DeadLetters.GetAsync(done.Id, None));
    }

    [Fact]
    public async Task PurgeAsync_Deliveries_LeavesDeadLettersAndWhatIsPending()
    {
        var subscription = await SubscribeAsync();
        var (kept, delivered) = await DeliverAsync(subscription, DeliveryStatus.Delivered);
        var (_, dead) = await DeliverAsync(subscription, DeliveryStatus.Dead);
        var (_, waiting) = await DeliverAsync(subscription, DeliveryStatus.Pending);

        var slice = await Storage.Retention.PurgeAsync(All(RetentionKind.Deliveries, Some.Time().AddMinutes(1)), 0, 100, Plenty, None);

        Assert.Equal(1, slice.Deleted);
        Assert.Null(await Storage.Deliveries.GetAsync(delivered.Id, None));
        Assert.NotNull(await Storage.Deliveries.GetAsync(dead.Id, None));
        Assert.NotNull(await Storage.Deliveries.GetAsync(waiting.Id, None));
        Assert.NotNull(await Storage.Events.GetAsync(kept.Id, None));
    }

    private static RetentionWalk All(RetentionKind kind, DateTimeOffset before) => new(kind, before, new HashSet<string>(), Only: false);

    private async Task<string> SubscribeAsync()
    {
        var subscription = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);
        return subscription.Id;
    }

    private async Task<(HubEvent Event, Delivery Delivery)> DeliverAsync(string subscription, DeliveryStatus status)
    {
        var one = Some.Event();
        await Storage.Events.AppendAsync(Some.AppendTo(one, subscription), None);
        var leased = Assert.Single(await Storage.Deliveries.LeaseAsync("w", Some.Time(), Plenty, 1, None));
        await Storage.Deliveries.RecordAsync("w", Some.Attempt(leased, status, status == DeliveryStatus.Pending ? Some.Time().AddDays(1) : null, "why"), None);
        return (one, leased);
    }
}
