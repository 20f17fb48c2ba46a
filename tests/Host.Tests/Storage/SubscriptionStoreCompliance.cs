using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class SubscriptionStoreCompliance : StoreCompliance
{
    private ISubscriptionStore Subscriptions => Storage.Subscriptions;

    [Fact]
    public async Task GetAsync_EveryField_IsReadBack()
    {
        var full = Some.Subscription() with
        {
            Environment = "prod",
            Description = "Bestellungen ✓",
            SealedPreviousSecret = Some.Bytes(33),
            PreviousSecretValidUntil = Some.Time().AddTicks(5),
            Enabled = false,
            DisabledReason = "It failed for 5 days.",
        };
        var bare = Some.Subscription();
        await Subscriptions.AddAsync(full, None);
        await Subscriptions.AddAsync(bare, None);

        Assert.Equivalent(full, await Subscriptions.GetAsync(full.Id, None), strict: true);
        Assert.Equivalent(bare, await Subscriptions.GetAsync(bare.Id, None), strict: true);
        Assert.Null(await Subscriptions.GetAsync("sub_none", None));
    }

    [Fact]
    public async Task UpdateAsync_CurrentThenStale_ReplacesOnce()
    {
        var subscription = Some.Subscription();
        await Subscriptions.AddAsync(subscription, None);
        var changed = subscription with { Pattern = "slack.*", Url = "https://example.com/other", Version = 2 };

        Assert.True(await Subscriptions.UpdateAsync(changed, None));
        Assert.False(await Subscriptions.UpdateAsync(subscription with { Pattern = "stale", Version = 2 }, None));
        Assert.False(await Subscriptions.UpdateAsync(Some.Subscription() with { Version = 2 }, None));
        Assert.Equivalent(changed, await Subscriptions.GetAsync(subscription.Id, None), strict: true);
    }

    [Fact]
    public async Task UpdateAsync_ManyFromTheSameCopy_OneWins()
    {
        var subscription = Some.Subscription();
        await Subscriptions.AddAsync(subscription, None);

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => Subscriptions.UpdateAsync(subscription with { Description = "d" + i, Version = 2 }, None))));

        Assert.Single(results, static won => won);
    }

    [Fact]
    public async Task ListAsync_ByEachFilterInPages_GivesWhatMatchesNewestFirst()
    {
        Subscription[] all = [Some.Subscription("shop"), Some.Subscription("blog"), Some.Subscription("shop")];
        foreach (var subscription in all)
            await Subscriptions.AddAsync(subscription, None);

        Assert.Equal([all[2].Id, all[1].Id, all[0].Id], await IdsAsync(null, null));
        Assert.Equal([all[2].Id, all[0].Id], await IdsAsync(null, "shop"));
        Assert.Equal([all[1].Id], await IdsAsync(new HashSet<string> { "blog" }, null));
        Assert.Equal([], await IdsAsync(new HashSet<string> { "blog" }, "shop"));
        Assert.Equal([], await IdsAsync(new HashSet<string>(), null));
    }

    [Fact]
    public async Task ListEnabledAsync_SomeDisabled_LeavesThemOut()
    {
        var on = Some.Subscription();
        var off = Some.Subscription() with { Enabled = false };
        await Subscriptions.AddAsync(on, None);
        await Subscriptions.AddAsync(off, None);
        await Subscriptions.UpdateAsync(off with { Enabled = false, Version = 2 }, None);

        Assert.Equal([on.Id], (await Subscriptions.ListEnabledAsync(None)).Select(static subscription => subscription.Id));
    }

    [Fact]
    public async Task DeleteAsync_WithDeliveries_CancelsThePendingOnes()
    {
        var subscription = Some.Subscription();
        var other = Some.Subscription();
        await Subscriptions.AddAsync(subscription, None);
        await Subscriptions.AddAsync(other, None);
        for (var i = 0; i < 3; i++)
            await Storage.Events.AppendAsync(Some.AppendTo(Some.Event(), subscription.Id), None);

        var leased = await Storage.Deliveries.LeaseAsync("w1", Some.Time(), TimeSpan.FromMinutes(1), 2, None);
        await Storage.Deliveries.RecordAsync("w1", Some.Attempt(leased[0], DeliveryStatus.Delivered), None);
        await Storage.Events.AppendAsync(Some.AppendTo(Some.Event(), other.Id), None);

        Assert.True(await Subscriptions.DeleteAsync(subscription.Id, None));
        Assert.False(await Subscriptions.DeleteAsync(subscription.Id, None));

        var statuses = (await Storage.Deliveries.ListAsync(new DeliveryQuery { SubscriptionId = subscription.Id }, new(), None)).Items;
        Assert.Equal(2, statuses.Count(static delivery => delivery is { Status: DeliveryStatus.Cancelled, CompletedAt: not null, Reason: not null }));
        Assert.Equal(DeliveryStatus.Delivered, (await Storage.Deliveries.GetAsync(leased[0].Id, None))!.Status);

        // The worker that held one finds it gone, and only the other subscription's is left to lease.
        await Storage.Deliveries.RecordAsync("w1", Some.Attempt(leased[1], DeliveryStatus.Pending, Some.Time()), None);
        Assert.Equal(DeliveryStatus.Cancelled, (await Storage.Deliveries.GetAsync(leased[1].Id, None))!.Status);
        var left = await Storage.Deliveries.LeaseAsync("w2", Some.Time().AddHours(1), TimeSpan.FromMinutes(1), 10, None);
        Assert.Equal(other.Id, Assert.Single(left).SubscriptionId);
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Subscriptions.ListAsync(null, null, page, None), cursor);

    private async Task<IEnumerable<string>> IdsAsync(IReadOnlySet<string>? visible, string? project) =>
        (await ReadAllAsync(page => Subscriptions.ListAsync(visible, project, page, None), 1)).Select(static subscription => subscription.Id);
}
