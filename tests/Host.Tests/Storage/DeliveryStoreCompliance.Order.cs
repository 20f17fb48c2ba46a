using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Tests.Storage;

public abstract partial class DeliveryStoreCompliance
{
    [Fact]
    public async Task LeaseAsync_SameKey_GivesTheNextWhenTheOneBeforeIsDone()
    {
        var subscription = await SubscribeAsync();
        var (first, second, third) = (await QueueAsync(subscription, "a"), await QueueAsync(subscription, "a"), await QueueAsync(subscription, "a"));
        var now = Some.Time();

        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", now, LeaseTime, 9, None));
        Assert.Equal((first, "a"), (leased.EventId, leased.OrderKey));
        Assert.Empty(await Deliveries.LeaseAsync("w2", now, LeaseTime, 9, None));
        Assert.True((await WaitingAsync(second)).WaitsForItsTurn);

        // A failure that is tried again keeps the key closed, until it is due and after.
        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Pending, now.AddMinutes(5)), None);
        Assert.Empty(await Deliveries.LeaseAsync("w1", now, LeaseTime, 9, None));
        Assert.Equal(now.AddMinutes(5), await Deliveries.NextDueAsync(None));
        var again = Assert.Single(await Deliveries.LeaseAsync("w1", now.AddMinutes(5), LeaseTime, 9, None));
        Assert.Equal(first, again.EventId);

        await Deliveries.RecordAsync("w1", Some.Attempt(again, DeliveryStatus.Delivered), None);
        Assert.Equal((await WaitingAsync(second)).CreatedAt, await Deliveries.NextDueAsync(None));
        var next = Assert.Single(await Deliveries.LeaseAsync("w2", now.AddMinutes(5), LeaseTime, 9, None));
        Assert.Equal(second, next.EventId);

        await Deliveries.RecordAsync("w2", Some.Attempt(next, DeliveryStatus.Dead), None);
        Assert.Equal(third, Assert.Single(await Deliveries.LeaseAsync("w2", now.AddMinutes(5), LeaseTime, 9, None)).EventId);
    }

    [Fact]
    public async Task LeaseAsync_OneKeyIsBlocked_OthersFlowAndFillTheLease()
    {
        var (one, other) = (await SubscribeAsync(), await SubscribeAsync());
        await QueueAsync(one, "a");
        var blocked = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 9, None));
        await Deliveries.RecordAsync("w1", Some.Attempt(blocked, DeliveryStatus.Pending, Some.Time().AddHours(1)), None);
        for (var i = 0; i < 20; i++)
            await QueueAsync(one, "a");
        string[] free = [await QueueAsync(one, "b"), await QueueAsync(one, null), await QueueAsync(one, null), await QueueAsync(other, "a"), await QueueAsync(other, null)];

        var leased = await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 5, None);

        Assert.Equal(free, leased.Select(static delivery => delivery.EventId));
    }

    [Fact]
    public async Task LeaseAsync_WorkerOfTheFirstCrashed_GivesTheFirstAgainAndNotTheNext()
    {
        var subscription = await SubscribeAsync();
        var first = await QueueAsync(subscription, "a");
        await QueueAsync(subscription, "a");
        var now = Some.Time();
        var crashed = Assert.Single(await Deliveries.LeaseAsync("w1", now, LeaseTime, 9, None));

        var taken = Assert.Single(await Deliveries.LeaseAsync("w2", now + LeaseTime, LeaseTime, 9, None));
        Assert.Equal(first, taken.EventId);

        // What the former owner says does not open the key.
        await Deliveries.RecordAsync("w1", Some.Attempt(crashed, DeliveryStatus.Delivered), None);
        Assert.Empty(await Deliveries.LeaseAsync("w3", now + LeaseTime, LeaseTime, 9, None));

        await Deliveries.ReleaseAsync("w2", [taken.Id], None);
        Assert.Equal(first, Assert.Single(await Deliveries.LeaseAsync("w3", now + LeaseTime, LeaseTime, 9, None)).EventId);
    }

    [Fact]
    public async Task MakeDueAsync_WaitsForItsTurn_StaysWhereItIs()
    {
        var subscription = await SubscribeAsync();
        await QueueAsync(subscription, "a");
        var second = await WaitingAsync(await QueueAsync(subscription, "a"));

        Assert.False(await Deliveries.MakeDueAsync(second.Id, Some.Time(), None));
        Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 9, None));
    }

    [Fact]
    public async Task AddAsync_ReplayWithAKey_WaitsBehindWhatIsPending()
    {
        var subscription = await SubscribeAsync();
        var one = Some.Event();
        await Storage.Events.AppendAsync(Some.Append(one), None);
        await QueueAsync(subscription, "a");
        var replay = Some.Delivery(one, subscription) with { OrderKey = "a" };

        await Deliveries.AddAsync([replay], None);

        Assert.True((await Deliveries.GetAsync(replay.Id, None))!.WaitsForItsTurn);
        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 9, None));
        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Delivered), None);
        Assert.Equal(replay.Id, Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 9, None)).Id);
    }

    [Fact]
    public async Task DeleteSubscription_WithAQueueInOrder_CancelsAllOfIt()
    {
        var subscription = await SubscribeAsync();
        for (var i = 0; i < 5; i++)
            await QueueAsync(subscription, "a");
        Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 9, None));

        Assert.True(await Storage.Subscriptions.DeleteAsync(subscription, None));

        Assert.Equal(5, (await Deliveries.ListAsync(new DeliveryQuery { Status = DeliveryStatus.Cancelled }, new Host.Http.PageRequest(), None)).Items.Count);
        Assert.Null(await Deliveries.NextDueAsync(None));
    }

    /// <summary>
    /// Events of a few keys, workers that succeed, fail, give up, give back, are too late or crash, in a random order: whatever is leased, nothing older of its key is pending, and in
    /// the end everything was done, in the order of each key.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Lease_UnderRandomFailures_KeepsTheOrderOfEachKeyAndLosesNothing(int seed)
    {
        var random = new Random(seed);
        string[] subscriptions = [await SubscribeAsync(), await SubscribeAsync()];
        var places = new Dictionary<string, (string Key, int Place)>(); // by event
        var done = new Dictionary<string, List<int>>(); // by key: places in the order in which they were done
        var pending = new Dictionary<string, SortedSet<int>>();
        var held = new List<(string Owner, Delivery Delivery)>();
        var clock = TimeSpan.Zero;
        var total = 0;

        for (var step = 0; step < 400 || pending.Values.Any(static places => places.Count > 0); step++)
        {
            Assert.True(step < 20_000, "Something is never delivered.");
            clock += TimeSpan.FromSeconds(random.Next(40));
            if (step < 400 && random.Next(3) > 0)
            {
                var (subscription, key) = (subscriptions[random.Next(2)], random.Next(5) is var k && k == 4 ? null : "k" + k);
                var one = await QueueAsync(subscription, key);
                places[one] = ($"{subscription}/{key ?? one}", total);
                if (!pending.TryGetValue(places[one].Key, out var queue))
                    pending[places[one].Key] = queue = [];
                queue.Add(total++);
            }

            var now = Some.Time() + clock;
            var owner = "w" + random.Next(3);
            var batch = await Deliveries.LeaseAsync(owner, now, LeaseTime, random.Next(1, 8), None);
            foreach (var delivery in batch)
            {
                var (key, place) = places[delivery.EventId];
                Assert.Equal(pending[key].Min, place);
                held.Add((owner, delivery));
            }

            while (held.Count > 0 && random.Next(4) > 0)
            {
                var at = random.Next(held.Count);
                var (holder, delivery) = held[at];
                held.RemoveAt(at);
                var before = (await Deliveries.GetAsync(delivery.Id, None))!.Status;
                switch (random.Next(10))
                {
                    case 0: // crashed: its lease expires
                        break;
                    case 1:
                        await Deliveries.ReleaseAsync(holder, [delivery.Id], None);
                        break;
                    case 2 or 3 or 4:
                        await Deliveries.RecordAsync(holder, Some.Attempt(delivery, DeliveryStatus.Pending, now.AddSeconds(random.Next(200))), None);
                        break;
                    case var what:
                        await Deliveries.RecordAsync(holder, Some.Attempt(delivery, what == 5 ? DeliveryStatus.Dead : DeliveryStatus.Delivered), None);
                        break;
                }

                if (before == DeliveryStatus.Pending && (await Deliveries.GetAsync(delivery.Id, None))!.Status != DeliveryStatus.Pending)
                {
                    var (key, place) = places[delivery.EventId];
                    pending[key].Remove(place);
                    if (!done.TryGetValue(key, out var order))
                        done[key] = order = [];
                    order.Add(place);
                }
            }
        }

        Assert.True(total > 150);
        Assert.Equal(total, done.Values.Sum(static order => order.Count));
        Assert.All(done.Values, static order => Assert.Equal(order.Order(), order));
    }

    private async Task<string> SubscribeAsync()
    {
        var subscription = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);
        return subscription.Id;
    }

    /// <returns>The event's id.</returns>
    private async Task<string> QueueAsync(string subscription, string? key)
    {
        var one = Some.Event();
        await Storage.Events.AppendAsync(Some.Append(one) with { Events = [new NewEvent(one, [subscription]) { OrderKeys = key is null ? null : [key] }] }, None);
        return one.Id;
    }

    private async Task<Delivery> WaitingAsync(string eventId) =>
        Assert.Single((await Deliveries.ListAsync(new DeliveryQuery { EventId = eventId }, new Host.Http.PageRequest(), None)).Items);
}
