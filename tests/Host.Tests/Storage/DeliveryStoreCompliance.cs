using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Storage;

public abstract partial class DeliveryStoreCompliance : StoreCompliance
{
    private static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);

    private IDeliveryStore Deliveries => Storage.Deliveries;

    [Fact]
    public async Task LeaseAsync_Due_GivesTheLongestDueFirstWithTheirEvents()
    {
        var (events, _) = await StoreAsync(3);
        var now = Some.Time();

        var leased = await Deliveries.LeaseAsync("w1", now, LeaseTime, 2, None);

        Assert.Equal([events[0].Id, events[1].Id], leased.Select(static delivery => delivery.EventId));
        Assert.Equal(events[0].SealedData.ToArray(), leased[0].Event!.SealedData.ToArray());
        Assert.Equal(events[1].ProviderEventId, leased[1].Event!.ProviderEventId);
        Assert.Equal(events[2].Id, Assert.Single(await Deliveries.LeaseAsync("w1", now, LeaseTime, 5, None)).EventId);
    }

    [Fact]
    public async Task LeaseAsync_Shares_GiveEachSubscriptionItsOwn()
    {
        var (backlog, slow) = await StoreAsync(3);
        var (others, quick) = await StoreAsync(1);
        var now = Some.Time();

        var leased = await Deliveries.LeaseAsync("w1", now, LeaseTime, [new(quick, 5), new(slow, 2), new("sub_none", 1)], None);

        Assert.Equal([quick, slow, "sub_none"], leased.Select(static share => share.SubscriptionId));
        Assert.Equal(others[0].Id, Assert.Single(leased[0].Deliveries).EventId);
        Assert.Null(leased[0].NextDue);
        Assert.Equal([backlog[0].Id, backlog[1].Id], leased[1].Deliveries.Select(static delivery => delivery.EventId));
        Assert.All(leased[1].Deliveries, delivery => Assert.NotNull(delivery.Event));
        Assert.Equal(backlog[2].ReceivedAt, leased[1].NextDue);
        Assert.Empty(leased[2].Deliveries);
    }

    [Fact]
    public async Task AgendaAsync_ManySubscriptions_GivesTheFirstOfEachAndTheFirstForeignLeaseEnd()
    {
        Assert.Empty((await Deliveries.AgendaAsync("w1", None)).Due);
        var (first, a) = await StoreAsync(2);
        var (second, b) = await StoreAsync(1);
        var now = Some.Time();

        var agenda = await Deliveries.AgendaAsync("w1", None);
        Assert.Equal(
            new[] { KeyValuePair.Create(a, first[0].ReceivedAt), KeyValuePair.Create(b, second[0].ReceivedAt) }.OrderBy(static due => due.Key, StringComparer.Ordinal),
            agenda.Due.OrderBy(static due => due.Key, StringComparer.Ordinal));
        Assert.Null(agenda.LeaseEnds);

        await Deliveries.LeaseAsync("w2", now, LeaseTime, [new(a, 1)], None);
        await Deliveries.LeaseAsync("w1", now, LeaseTime / 2, [new(b, 1)], None);
        agenda = await Deliveries.AgendaAsync("w1", None);
        Assert.Equal([KeyValuePair.Create(a, first[1].ReceivedAt)], agenda.Due);
        Assert.Equal(now + LeaseTime, agenda.LeaseEnds);

        Assert.Empty(await Deliveries.FreeExpiredAsync("w1", [], now, 5, None));
        Assert.Equal([b], await Deliveries.FreeExpiredAsync("w1", [], now + LeaseTime - TimeSpan.FromTicks(10), 5, None));
        Assert.Equal([a], await Deliveries.FreeExpiredAsync("w1", [], now + LeaseTime, 5, None));
        Assert.Null((await Deliveries.AgendaAsync("w1", None)).LeaseEnds);
    }

    /// <summary>A clock that jumps ahead ends leases whose worker is well and at work.</summary>
    [Fact]
    public async Task FreeExpiredAsync_HeldByItsOwner_StaysLeased()
    {
        var (_, subscription) = await StoreAsync(2);
        var now = Some.Time();
        var ids = (await Deliveries.LeaseAsync("w1", now, LeaseTime, [new(subscription, 2)], None)).Single().Deliveries.Select(delivery => delivery.Id).ToList();

        Assert.Equal([subscription], await Deliveries.FreeExpiredAsync("w1", [ids[0]], now + LeaseTime, 5, None));
        Assert.Empty(await Deliveries.FreeExpiredAsync("w1", [ids[0]], now + LeaseTime, 5, None));

        // Another's word counts for nothing, and neither does the worker's own once it has let go.
        Assert.Equal([subscription], await Deliveries.FreeExpiredAsync("w2", [ids[0]], now + LeaseTime, 5, None));
    }

    [Fact]
    public async Task RecordAsync_ManyAtOnce_KeepsThemAllAndTheirHeaders()
    {
        await StoreAsync(3);
        var leased = await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 3, None);
        KeyValuePair<string, string>[] headers = [new("Server", "nginx"), new("X-Note", "schön")];
        AttemptRecord[] records = [.. leased.Select(static delivery => Some.Attempt(delivery, DeliveryStatus.Delivered))];
        records[1] = records[1] with { Attempt = records[1].Attempt with { ResponseHeaders = headers } };

        await Deliveries.RecordAsync("w1", records, None);

        foreach (var delivery in leased)
            Assert.Equal(DeliveryStatus.Delivered, (await Deliveries.GetAsync(delivery.Id, None))!.Status);
        Assert.Equal(headers, Assert.Single(await Deliveries.ListAttemptsAsync(leased[1].Id, None)).ResponseHeaders);
        Assert.Empty(Assert.Single(await Deliveries.ListAttemptsAsync(leased[0].Id, None)).ResponseHeaders);
    }

    [Fact]
    public async Task RecordAsync_DoesNotCount_LeavesItsReasonAndNoAttempt()
    {
        await StoreAsync(1);
        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 1, None));
        var next = Some.Time().AddHours(1);

        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Pending, next, "Another is at work.") with { Counts = false }, None);

        var after = (await Deliveries.GetAsync(leased.Id, None))!;
        Assert.Equal((DeliveryStatus.Pending, 0, next, "Another is at work."), (after.Status, after.Attempts, after.NextAttemptAt, after.Reason));
        Assert.Empty(await Deliveries.ListAttemptsAsync(leased.Id, None));
    }

    [Fact]
    public async Task LeaseAsync_NotDueYet_GivesNothing()
    {
        var (events, _) = await StoreAsync(1);

        Assert.Empty(await Deliveries.LeaseAsync("w1", events[0].ReceivedAt.AddTicks(-1), LeaseTime, 5, None));
        Assert.Single(await Deliveries.LeaseAsync("w1", events[0].ReceivedAt, LeaseTime, 5, None));
    }

    [Fact]
    public async Task LeaseAsync_ManyWorkersAtOnce_GiveEachToOne()
    {
        await StoreAsync(60);
        var now = Some.Time();

        var leased = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => Deliveries.LeaseAsync("w" + i, now, LeaseTime, 7, None))));

        var ids = leased.SelectMany(static batch => batch).Select(static delivery => delivery.Id).ToList();
        Assert.Equal(60, ids.Count);
        Assert.Equal(60, ids.Distinct().Count());
    }

    [Fact]
    public async Task LeaseAsync_LeaseExpired_TakesOverAndIgnoresTheFormerOwner()
    {
        await StoreAsync(1);
        var now = Some.Time();
        var first = Assert.Single(await Deliveries.LeaseAsync("w1", now, LeaseTime, 5, None));

        Assert.Empty(await Deliveries.LeaseAsync("w2", now + LeaseTime - TimeSpan.FromTicks(10), LeaseTime, 5, None));
        Assert.Equal(first.Id, Assert.Single(await Deliveries.LeaseAsync("w2", now + LeaseTime, LeaseTime, 5, None)).Id);

        await Deliveries.RecordAsync("w1", Some.Attempt(first, DeliveryStatus.Dead, reason: "too late"), None);
        Assert.Equal(DeliveryStatus.Pending, (await Deliveries.GetAsync(first.Id, None))!.Status);
        Assert.Empty(await Deliveries.ListAttemptsAsync(first.Id, None));

        await Deliveries.RecordAsync("w2", Some.Attempt(first, DeliveryStatus.Delivered), None);
        Assert.Equal(DeliveryStatus.Delivered, (await Deliveries.GetAsync(first.Id, None))!.Status);
        Assert.Single(await Deliveries.ListAttemptsAsync(first.Id, None));
    }

    [Fact]
    public async Task RecordAsync_LeaseExpiredButNobodyTookOver_Counts()
    {
        await StoreAsync(1);
        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), TimeSpan.FromTicks(1), 5, None));

        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Delivered), None);

        Assert.Equal(DeliveryStatus.Delivered, (await Deliveries.GetAsync(leased.Id, None))!.Status);
    }

    [Fact]
    public async Task RecordAsync_FailedThenDelivered_KeepsEveryAttempt()
    {
        await StoreAsync(1);
        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 5, None));
        var next = Some.Time().AddMinutes(5);
        var failed = Some.Attempt(leased, DeliveryStatus.Pending, next, "The target answered 500.");

        await Deliveries.RecordAsync("w1", failed, None);

        var waiting = await Deliveries.GetAsync(leased.Id, None);
        Assert.Equal((DeliveryStatus.Pending, 1, next), (waiting!.Status, waiting.Attempts, waiting.NextAttemptAt));
        Assert.Equal("The target answered 500.", waiting.Reason);
        Assert.Null(waiting.CompletedAt);
        Assert.Empty(await Deliveries.LeaseAsync("w2", next.AddTicks(-1), LeaseTime, 5, None));

        var again = Assert.Single(await Deliveries.LeaseAsync("w2", next, LeaseTime, 5, None));
        var delivered = Some.Attempt(again, DeliveryStatus.Delivered) is var made ? made with { Attempt = made.Attempt with { Error = null, ResponseBody = null } } : null!;
        await Deliveries.RecordAsync("w2", delivered, None);

        var done = await Deliveries.GetAsync(leased.Id, None);
        Assert.Equal((DeliveryStatus.Delivered, 2), (done!.Status, done.Attempts));
        Assert.Equal(delivered.Attempt.StartedAt + delivered.Attempt.Duration, done.CompletedAt);
        Assert.Null(done.Reason);
        Assert.Equal([failed.Attempt, delivered.Attempt], await Deliveries.ListAttemptsAsync(leased.Id, None));
        Assert.Empty(await Deliveries.LeaseAsync("w3", next.AddDays(1), LeaseTime, 5, None));
    }

    [Fact]
    public async Task RecordAsync_Twice_CountsOnce()
    {
        await StoreAsync(1);
        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 5, None));

        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Dead, reason: "gone"), None);
        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Delivered), None);

        var read = await Deliveries.GetAsync(leased.Id, None);
        Assert.Equal((DeliveryStatus.Dead, "gone"), (read!.Status, read.Reason));
        Assert.Single(await Deliveries.ListAttemptsAsync(leased.Id, None));
    }

    [Fact]
    public async Task ReleaseAsync_OwnLeases_CanBeLeasedAtOnce()
    {
        await StoreAsync(3);
        var now = Some.Time();
        var mine = await Deliveries.LeaseAsync("w1", now, LeaseTime, 2, None);
        var other = await Deliveries.LeaseAsync("w2", now, LeaseTime, 1, None);

        await Deliveries.ReleaseAsync("w1", [.. mine.Concat(other).Select(static delivery => delivery.Id), "dlv_none"], None);

        var again = await Deliveries.LeaseAsync("w3", now, LeaseTime, 5, None);
        Assert.Equal(mine.Select(static delivery => delivery.Id), again.Select(static delivery => delivery.Id));
        Assert.All(again, static delivery => Assert.Equal(0, delivery.Attempts));
    }

    [Fact]
    public async Task AddAsync_Replay_IsLeasedWithItsEvent()
    {
        var (events, subscription) = await StoreAsync(1);
        var first = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 5, None));
        await Deliveries.RecordAsync("w1", Some.Attempt(first, DeliveryStatus.Dead, reason: "gone"), None);
        var replay = Some.Delivery(events[0], subscription) with { ReplayOf = first.Id };

        await Deliveries.AddAsync([replay], None);

        Assert.Equal(replay, await Deliveries.GetAsync(replay.Id, None));
        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 5, None));
        Assert.Equal((replay.Id, first.Id, events[0].Id), (leased.Id, leased.ReplayOf, leased.Event!.Id));
    }

    [Fact]
    public async Task MakeDueAsync_PendingAndNot_SaysWhich()
    {
        await StoreAsync(1);
        var leased = Assert.Single(await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 5, None));
        var far = Some.Time().AddHours(10);
        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Pending, far), None);
        var now = Some.Time();

        Assert.True(await Deliveries.MakeDueAsync(leased.Id, now, None));
        Assert.Equal(now, (await Deliveries.GetAsync(leased.Id, None))!.NextAttemptAt);
        Assert.Single(await Deliveries.LeaseAsync("w1", now, LeaseTime, 5, None));

        await Deliveries.RecordAsync("w1", Some.Attempt(leased, DeliveryStatus.Dead), None);
        Assert.False(await Deliveries.MakeDueAsync(leased.Id, now, None));
        Assert.False(await Deliveries.MakeDueAsync("dlv_none", now, None));
    }

    [Fact]
    public async Task ListAsync_ByEachFilter_GivesWhatMatchesNewestFirst()
    {
        var (events, subscription) = await StoreAsync(2);
        var other = Some.Subscription("blog");
        await Storage.Subscriptions.AddAsync(other, None);
        var third = Some.Event(project: "blog", type: "slack.message");
        await Storage.Events.AppendAsync(Some.AppendTo(third, other.Id), None);
        var leased = await Deliveries.LeaseAsync("w1", Some.Time(), LeaseTime, 5, None);
        await Deliveries.RecordAsync("w1", Some.Attempt(leased[0], DeliveryStatus.Dead, reason: "gone"), None);
        var all = leased.Select(static delivery => delivery.Id).ToList();

        Assert.Equal([all[2], all[1], all[0]], await IdsAsync(new DeliveryQuery()));
        Assert.Equal([all[0]], await IdsAsync(new DeliveryQuery { Status = DeliveryStatus.Dead }));
        Assert.Equal([all[2], all[1]], await IdsAsync(new DeliveryQuery { Status = DeliveryStatus.Pending }));
        Assert.Equal([], await IdsAsync(new DeliveryQuery { Status = DeliveryStatus.Cancelled }));
        Assert.Equal([all[1], all[0]], await IdsAsync(new DeliveryQuery { SubscriptionId = subscription }));
        Assert.Equal([all[1]], await IdsAsync(new DeliveryQuery { EventId = events[1].Id }));
        Assert.Equal([all[2]], await IdsAsync(new DeliveryQuery { EventType = "slack.*" }));
        Assert.Equal([all[1], all[0]], await IdsAsync(new DeliveryQuery { EventType = "stripe.**" }));
        Assert.Equal([all[1]], await IdsAsync(new DeliveryQuery { From = events[1].ReceivedAt, To = third.ReceivedAt }));
        Assert.Equal([all[2]], await IdsAsync(new DeliveryQuery { VisibleProjects = new HashSet<string> { "blog" } }));
        Assert.Null((await Deliveries.ListAsync(new DeliveryQuery(), new PageRequest(), None)).Items[0].Event);
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Deliveries.ListAsync(new DeliveryQuery(), page, None), cursor);

    /// <summary>Stores events, each with one delivery to the same subscription.</summary>
    private async Task<(List<HubEvent> Events, string Subscription)> StoreAsync(int count)
    {
        var subscription = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);
        var events = Enumerable.Range(0, count).Select(static _ => Some.Event()).ToList();
        foreach (var one in events)
            await Storage.Events.AppendAsync(Some.AppendTo(one, subscription.Id), None);

        return (events, subscription.Id);
    }

    private async Task<IEnumerable<string>> IdsAsync(DeliveryQuery query) =>
        (await ReadAllAsync(page => Deliveries.ListAsync(query, page, None), 2)).Select(static delivery => delivery.Id);
}
