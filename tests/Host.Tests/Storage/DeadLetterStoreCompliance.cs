using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class DeadLetterStoreCompliance : StoreCompliance
{
    private IDeadLetterStore Letters => Storage.DeadLetters;

    [Fact]
    public async Task RecordAsync_Dead_KeepsCauseAndAttemptsWithTheirStep()
    {
        var subscription = await SubscribeAsync();
        var dead = await DieAsync(subscription, "The endpoint answered 503.", 503);

        var letter = await Letters.GetAsync(dead.Id, None);

        Assert.Equal((503, DeliverySteps.Answer, "The endpoint answered #."), (letter!.Cause.Status, letter.Cause.Step, letter.Cause.Pattern));
        Assert.Equal((dead.Id, DeliveryStatus.Dead), (letter.Delivery.Id, letter.Delivery.Status));
        Assert.Null(letter.ReplayedBy);
        Assert.Equal(DeliverySteps.Answer, Assert.Single(await Storage.Deliveries.ListAttemptsAsync(dead.Id, None)).Step);
        Assert.Null(await Letters.GetAsync("dlv_none", None));
    }

    [Fact]
    public async Task RecordAsync_PendingOrDelivered_IsNoDeadLetter()
    {
        var subscription = await SubscribeAsync();
        var one = await LeaseAsync(subscription);
        await Storage.Deliveries.RecordAsync("w", Some.Attempt(one, DeliveryStatus.Delivered), None);

        Assert.Empty((await Letters.ListAsync(new DeadLetterQuery(), new PageRequest(), None)).Items);
    }

    [Fact]
    public async Task GroupsAsync_SameCauseWithOtherNumbers_IsOneGroup()
    {
        var (first, second) = (await SubscribeAsync(), await SubscribeAsync());
        var oldest = await DieAsync(first, "The endpoint answered 503 to req_1A2B.", 503);
        await DieAsync(first, "The endpoint answered 503 to req_9Z9Z.", 503);
        var newest = await DieAsync(first, "The endpoint answered 503 to req_77X1.", 503);
        await DieAsync(first, "The endpoint answered 404 to req_1A2B.", 404);
        await DieAsync(second, "The endpoint answered 503 to req_1A2B.", 503);
        await Letters.ReplayOneAsync(oldest.Id, Some.Time(), None);

        var groups = await Letters.GroupsAsync(new DeadLetterQuery(), 10, None);

        Assert.Equal([3, 1, 1], groups.Select(group => group.Count));
        var largest = groups[0];
        Assert.Equal((first, 503, 2L, newest.Id), (largest.SubscriptionId, largest.Status, largest.Open, largest.Latest));
        Assert.True(largest.FirstSeen < largest.LastSeen);
        Assert.Equal((await Letters.GetAsync(oldest.Id, None))!.Cause.Fingerprint, largest.Fingerprint);
        Assert.Single(await Letters.GroupsAsync(new DeadLetterQuery(), 1, None));
        Assert.Single(await Letters.GroupsAsync(new DeadLetterQuery { SubscriptionId = second }, 10, None));
        Assert.Empty(await Letters.GroupsAsync(new DeadLetterQuery { VisibleProjects = new HashSet<string> { "other" } }, 10, None));
        Assert.Equal(3, (await Letters.ListAsync(new DeadLetterQuery { Fingerprint = largest.Fingerprint }, new PageRequest(), None)).Items.Count);
        Assert.Equal(2, (await Letters.ListAsync(new DeadLetterQuery { Fingerprint = largest.Fingerprint, Replayed = false }, new PageRequest(), None)).Items.Count);
    }

    [Fact]
    public async Task ListAsync_PageByPage_GivesWhatDiedLastFirst()
    {
        var subscription = await SubscribeAsync();
        var dead = new List<string>();
        for (var i = 0; i < 7; i++)
            dead.Add((await DieAsync(subscription)).Id);

        var all = await ReadAllAsync(page => Letters.ListAsync(new DeadLetterQuery(), page, None), 3);

        Assert.Equal(dead.AsEnumerable().Reverse(), all.Select(letter => letter.Delivery.Id));
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public async Task ListAsync_HostileCursor_IsRefused(string cursor) => await RefusesCursorAsync(page => Letters.ListAsync(new DeadLetterQuery(), page, None), cursor);

    [Fact]
    public async Task ReplayAsync_Twice_MakesEachOnceOldestFirst()
    {
        var subscription = await SubscribeAsync();
        var dead = new List<Delivery>();
        for (var i = 0; i < 5; i++)
            dead.Add(await DieAsync(subscription));

        var first = await Letters.ReplayAsync(new DeadLetterQuery { SubscriptionId = subscription }, 3, Some.Time(), None);
        var second = await Letters.ReplayAsync(new DeadLetterQuery { SubscriptionId = subscription }, 3, Some.Time(), None);
        var third = await Letters.ReplayAsync(new DeadLetterQuery { SubscriptionId = subscription }, 3, Some.Time(), None);

        Assert.Equal((3, 0, true), (first.Made.Count, first.Skipped, first.HasMore));
        Assert.Equal((2, 3, false), (second.Made.Count, second.Skipped, second.HasMore));
        Assert.Equal((0, 5, false), (third.Made.Count, third.Skipped, third.HasMore));
        var again = await Storage.Deliveries.GetAsync(first.Made[0], None);
        Assert.Equal((dead[0].Id, dead[0].EventId, DeliveryStatus.Pending, 0), (again!.ReplayOf, again.EventId, again.Status, again.Attempts));
        Assert.Equal(again.Id, (await Letters.GetAsync(dead[0].Id, None))!.ReplayedBy);
    }

    [Fact]
    public async Task ReplayAsync_ManyAtOnce_NeverDouble()
    {
        var subscription = await SubscribeAsync();
        for (var i = 0; i < 60; i++)
            await DieAsync(subscription);

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Letters.ReplayAsync(new DeadLetterQuery(), 1000, Some.Time(), None))));

        Assert.Equal(60, made.Sum(one => one.Made.Count));
        var pending = await ReadAllAsync(page => Storage.Deliveries.ListAsync(new DeliveryQuery { Status = DeliveryStatus.Pending }, page, None), 50);
        Assert.Equal(60, pending.Select(delivery => delivery.ReplayOf).Distinct().Count());
        Assert.Equal(60, pending.Count);
    }

    [Fact]
    public async Task ReplayAsync_SubscriptionDeleted_IsPassedOver()
    {
        var subscription = await SubscribeAsync();
        await DieAsync(subscription);
        await Storage.Subscriptions.DeleteAsync(subscription, None);

        var replay = await Letters.ReplayAsync(new DeadLetterQuery(), 10, Some.Time(), None);

        Assert.Equal((0, 1, false), (replay.Made.Count, replay.Skipped, replay.HasMore));
    }

    [Fact]
    public async Task ReplayOneAsync_WhileItsReplayIsOnItsWay_GivesThatOne()
    {
        var subscription = await SubscribeAsync();
        var dead = await DieAsync(subscription);

        var first = await Letters.ReplayOneAsync(dead.Id, Some.Time(), None);
        var second = await Letters.ReplayOneAsync(dead.Id, Some.Time(), None);
        var leased = Assert.Single(await Storage.Deliveries.LeaseAsync("w", Some.Time(), TimeSpan.FromMinutes(1), 5, None));
        await Storage.Deliveries.RecordAsync("w", Some.Attempt(leased, DeliveryStatus.Dead, reason: "again"), None);
        var third = await Letters.ReplayOneAsync(dead.Id, Some.Time(), None);

        Assert.True(first!.Value.IsNew);
        Assert.Equal((first.Value.Delivery.Id, false), (second!.Value.Delivery.Id, second.Value.IsNew));
        Assert.True(third!.Value.IsNew);
        Assert.Null(await Letters.ReplayOneAsync(third.Value.Delivery.Id, Some.Time(), None));
        Assert.Equal(third.Value.Delivery.Id, (await Letters.GetAsync(dead.Id, None))!.ReplayedBy);
    }

    [Fact]
    public async Task ListUntoldAsync_UntilMarked_GivesThem()
    {
        var subscription = await SubscribeAsync();
        var dead = await DieAsync(subscription);

        var untold = Assert.Single(await Letters.ListUntoldAsync(10, None));
        await Letters.MarkToldAsync([dead.Id], None);

        Assert.Equal((dead.Id, "dev", "corr-1"), (untold.Letter.Delivery.Id, untold.Environment, untold.CorrelationId));
        Assert.Empty(await Letters.ListUntoldAsync(10, None));
    }

    [Fact]
    public async Task StepAsync_ToItsEnd_MakesEachOnceAndNotWhatDiedLater()
    {
        var subscription = await SubscribeAsync();
        var other = await SubscribeAsync();
        for (var i = 0; i < 5; i++)
            await DieAsync(subscription);
        await DieAsync(other);
        var replay = await StartAsync(subscription);
        var later = await DieAsync(subscription);

        var first = await Storage.Replays.StepAsync(replay, 2, Some.Time(), None);
        var repeated = await Storage.Replays.StepAsync(replay, 2, Some.Time(), None);
        var second = await Storage.Replays.StepAsync(first!, 2, Some.Time(), None);
        var third = await Storage.Replays.StepAsync(second!, 2, Some.Time(), None);

        Assert.Equal(5, replay.Total);
        Assert.Null(repeated);
        Assert.Equal((2, 4, 5), (first!.Made, second!.Made, third!.Made));
        Assert.Equal((ReplayState.Running, ReplayState.Completed), (second.State, third.State));
        Assert.Equal(third, await Storage.Replays.GetAsync(replay.Id, None));
        Assert.Null((await Letters.GetAsync(later.Id, None))!.ReplayedBy);
        Assert.Null(await Storage.Replays.StepAsync(third, 2, Some.Time(), None));
        Assert.Empty(await Storage.Replays.ListRunningAsync(None));
    }

    [Fact]
    public async Task StepAsync_Rate_SaysWhenTheNextStepIsDue()
    {
        var subscription = await SubscribeAsync();
        for (var i = 0; i < 3; i++)
            await DieAsync(subscription);
        var now = Some.Time();

        var step = await Storage.Replays.StepAsync(await StartAsync(subscription, rate: 4), 2, now, None);

        Assert.Equal(now.AddSeconds(0.5), step!.NextStepAt);
    }

    [Fact]
    public async Task StepAsync_SomebodyReplayedMeanwhile_PassesThatOver()
    {
        var subscription = await SubscribeAsync();
        var dead = await DieAsync(subscription);
        await DieAsync(subscription);
        var replay = await StartAsync(subscription);
        await Letters.ReplayOneAsync(dead.Id, Some.Time(), None);

        var done = await Storage.Replays.StepAsync(replay, 10, Some.Time(), None);

        Assert.Equal((2, 1, ReplayState.Completed), (done!.Total, done.Made, done.State));
    }

    [Fact]
    public async Task CancelAsync_Running_MakesNoMore()
    {
        var subscription = await SubscribeAsync();
        await DieAsync(subscription);
        var replay = await StartAsync(subscription);

        Assert.True(await Storage.Replays.CancelAsync(replay.Id, Some.Time(), None));
        Assert.False(await Storage.Replays.CancelAsync(replay.Id, Some.Time(), None));
        Assert.Null(await Storage.Replays.StepAsync(replay, 10, Some.Time(), None));
        Assert.Equal(ReplayState.Cancelled, Assert.Single((await Storage.Replays.ListAsync(ReplayState.Cancelled, null, new PageRequest(), None)).Items).State);
        Assert.Empty((await Storage.Replays.ListAsync(null, new HashSet<string> { "other" }, new PageRequest(), None)).Items);
        Assert.Equal(1, await Storage.Replays.PurgeAsync(Some.Time().AddDays(1), 10, None));
    }

    private async Task<Replay> StartAsync(string subscription, double rate = 10) => await Storage.Replays.AddAsync(
        new Replay
        {
            Id = Ids.New(Ids.Replay, Some.Time()), Project = "shop", Filter = new DeadLetterQuery { SubscriptionId = subscription }, Rate = rate, State = ReplayState.Running,
            NextStepAt = Some.Time(), Actor = "key_1", CorrelationId = "corr", CreatedAt = Some.Time(),
        },
        None);

    private async Task<string> SubscribeAsync()
    {
        var subscription = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);
        return subscription.Id;
    }

    private async Task<Delivery> LeaseAsync(string subscription)
    {
        await Storage.Events.AppendAsync(Some.AppendTo(Some.Event(), subscription), None);
        return Assert.Single(await Storage.Deliveries.LeaseAsync("w", Some.Time(), TimeSpan.FromMinutes(1), 5, None));
    }

    private async Task<Delivery> DieAsync(string subscription, string error = "The endpoint answered 500.", int status = 500)
    {
        var leased = await LeaseAsync(subscription);
        var record = Some.Attempt(leased, DeliveryStatus.Dead, reason: "Given up after 1 attempts.");
        await Storage.Deliveries.RecordAsync(
            "w", record with { Attempt = record.Attempt with { Outcome = DeliveryOutcomes.Refused, Step = DeliverySteps.Answer, Status = status, Error = error } }, None);
        return leased;
    }
}
