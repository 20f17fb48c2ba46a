using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Storage;

public abstract partial class EventStoreCompliance : StoreCompliance
{
    private IEventStore Events => Storage.Events;

    [Fact]
    public async Task AppendAsync_EventWithRaw_AreReadBackWhole()
    {
        var raw = Some.Raw();
        var one = Some.Event() with { Subject = "pi_1 ✓", RequestId = raw.Id, Time = Some.Time().AddTicks(9), SealedData = Some.Bytes(70_000) };

        var result = await Events.AppendAsync(Some.Append(one) with { Raw = raw }, None);

        Assert.Equal([one.Id], result.Stored);
        Assert.Empty(result.Duplicates);
        Assert.Equal(0, result.Deliveries);
        AssertSame(one, await Events.GetAsync(one.Id, None));
        var read = await Events.GetRawAsync(raw.Id, None);
        Assert.Equal(raw.SealedHead.ToArray(), read!.SealedHead.ToArray());
        Assert.Equal(raw.SealedBody.ToArray(), read.SealedBody.ToArray());
        Assert.Equal((raw.ConnectionId, raw.ReceivedAt, raw.ExpiresAt), (read.ConnectionId, read.ReceivedAt, read.ExpiresAt));
    }

    [Fact]
    public async Task AppendAsync_OptionalFieldsMissingAndSlicedData_AreKept()
    {
        var one = Some.Event(connection: null) with { SealedData = Some.Bytes(50).AsMemory(10, 20) };

        await Events.AppendAsync(Some.Append(one), None);

        AssertSame(one, await Events.GetAsync(one.Id, None));
        Assert.Null(await Events.GetAsync("evt_none", None));
        Assert.Null(await Events.GetRawAsync("req_none", None));
    }

    [Fact]
    public async Task AppendAsync_RawWithoutEvents_IsStored()
    {
        var raw = Some.Raw();

        var result = await Events.AppendAsync(Some.Append() with { Raw = raw }, None);

        Assert.Empty(result.Stored);
        Assert.NotNull(await Events.GetRawAsync(raw.Id, None));
    }

    [Fact]
    public async Task AppendAsync_WithSubscriptions_MakesADueDeliveryForEach()
    {
        var first = Some.Subscription();
        var second = Some.Subscription();
        await Storage.Subscriptions.AddAsync(first, None);
        await Storage.Subscriptions.AddAsync(second, None);
        var one = Some.Event();

        var result = await Events.AppendAsync(Some.AppendTo(one, first.Id, second.Id), None);

        Assert.Equal(2, result.Deliveries);
        var deliveries = (await Storage.Deliveries.ListAsync(new DeliveryQuery { EventId = one.Id }, new PageRequest(), None)).Items;
        Assert.Equal(new[] { first.Id, second.Id }.Order(), deliveries.Select(static delivery => delivery.SubscriptionId).Order());
        Assert.All(deliveries, delivery =>
        {
            Assert.StartsWith("dlv_", delivery.Id, StringComparison.Ordinal);
            Assert.Equal((DeliveryStatus.Pending, 0, one.Project, one.Type), (delivery.Status, delivery.Attempts, delivery.Project, delivery.EventType));
            Assert.Equal((one.ReceivedAt, one.ReceivedAt), (delivery.NextAttemptAt, delivery.CreatedAt));
        });
    }

    [Fact]
    public async Task AppendAsync_SubscriptionGone_MakesNoDeliveryForIt()
    {
        var kept = Some.Subscription();
        var deleted = Some.Subscription();
        await Storage.Subscriptions.AddAsync(kept, None);
        await Storage.Subscriptions.AddAsync(deleted, None);
        await Storage.Subscriptions.DeleteAsync(deleted.Id, None);

        var result = await Events.AppendAsync(Some.AppendTo(Some.Event(), deleted.Id, kept.Id, "sub_never"), None);

        Assert.Equal((1, 1), (result.Stored.Count, result.Deliveries));
    }

    [Fact]
    public async Task AppendAsync_RepetitionWithinWindow_NamesTheFirstAndStoresNothing()
    {
        var subscription = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);
        var first = Some.Event("p_1");
        await Events.AppendAsync(Some.AppendTo(first, subscription.Id), None);
        var raw = Some.Raw();
        var again = Some.Event("p_1");

        var result = await Events.AppendAsync(Some.AppendTo(again, subscription.Id) with { Raw = raw }, None);

        Assert.Empty(result.Stored);
        Assert.Equal([first.Id], result.Duplicates);
        Assert.Equal(0, result.Deliveries);
        Assert.Null(await Events.GetAsync(again.Id, None));
        Assert.Null(await Events.GetRawAsync(raw.Id, None));
        Assert.Single((await Storage.Deliveries.ListAsync(new DeliveryQuery(), new PageRequest(), None)).Items);
    }

    [Fact]
    public async Task AppendAsync_RepetitionInTheSameAppend_CountsAsOne()
    {
        var first = Some.Event("p_1");
        var other = Some.Event("p_2");
        var last = Some.Event("p_3");

        var result = await Events.AppendAsync(Some.Append(first, Some.Event("p_1"), other, Some.Event("p_2"), last), None);

        Assert.Equal([first.Id, other.Id, last.Id], result.Stored);
        Assert.Equal([first.Id, other.Id], result.Duplicates);
    }

    [Fact]
    public async Task AppendAsync_SameProviderEventFiftyTimesAtOnce_StoresExactlyOne()
    {
        var subscription = Some.Subscription();
        await Storage.Subscriptions.AddAsync(subscription, None);

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Events.AppendAsync(Some.AppendTo(Some.Event("p_1"), subscription.Id), None))));

        var stored = Assert.Single(results.SelectMany(static result => result.Stored));
        Assert.Equal(Enumerable.Repeat(stored, 49), results.SelectMany(static result => result.Duplicates));
        Assert.Equal(1, results.Sum(static result => result.Deliveries));
        Assert.Equal([stored], (await Events.ListAsync(new EventQuery(), new PageRequest(), None)).Items.Select(static one => one.Id));
        Assert.Single((await Storage.Deliveries.ListAsync(new DeliveryQuery(), new PageRequest(), None)).Items);
    }

    [Fact]
    public async Task AppendAsync_OtherScope_IsNoRepetition()
    {
        await Events.AppendAsync(Some.Append(Some.Event("p_1", "conn_1")), None);

        var result = await Events.AppendAsync(
            Some.Append(
                Some.Event("p_1", "conn_2"),
                Some.Event("p_1", null, project: "shop"),
                Some.Event("p_1", null, project: "blog"),
                Some.Event("p_1", null, project: "shop"),
                Some.Event("P_1", "conn_1")),
            None);

        Assert.Equal((4, 1), (result.Stored.Count, result.Duplicates.Count));
    }

    [Fact]
    public async Task AppendAsync_AfterTheWindow_IsNewAndBecomesTheFirst()
    {
        var window = TimeSpan.FromHours(1);
        var first = Some.Event("p_1");
        var within = Some.Event("p_1") with { ReceivedAt = first.ReceivedAt + window - TimeSpan.FromTicks(10) };
        var after = Some.Event("p_1") with { ReceivedAt = first.ReceivedAt + window };
        var later = Some.Event("p_1") with { ReceivedAt = after.ReceivedAt + TimeSpan.FromMinutes(1) };

        await Events.AppendAsync(Some.Append(first) with { DedupeWindow = window }, None);

        Assert.Equal([first.Id], (await Events.AppendAsync(Some.Append(within) with { DedupeWindow = window }, None)).Duplicates);
        Assert.Equal([after.Id], (await Events.AppendAsync(Some.Append(after) with { DedupeWindow = window }, None)).Stored);
        Assert.Equal([after.Id], (await Events.AppendAsync(Some.Append(later) with { DedupeWindow = window }, None)).Duplicates);
    }

    [Fact]
    public async Task AppendAsync_ClockWentBack_IsStillARepetition()
    {
        var first = Some.Event("p_1");
        await Events.AppendAsync(Some.Append(first), None);

        var result = await Events.AppendAsync(Some.Append(Some.Event("p_1") with { ReceivedAt = first.ReceivedAt.AddHours(-2) }), None);

        Assert.Equal([first.Id], result.Duplicates);
    }

    [Fact]
    public async Task AppendAsync_NoWindow_RecognisesNoRepetitions()
    {
        var result = await Events.AppendAsync(Some.Append(Some.Event("p_1"), Some.Event("p_1")) with { DedupeWindow = TimeSpan.Zero }, None);

        Assert.Equal(2, result.Stored.Count);
    }

    [Fact]
    public async Task AppendAsync_EndlessWindow_RecognisesRepetitions()
    {
        var append = Some.Append(Some.Event("p_1"), Some.Event("p_1") with { ReceivedAt = Some.Time().AddYears(500) }) with { DedupeWindow = TimeSpan.MaxValue };

        Assert.Single((await Events.AppendAsync(append, None)).Duplicates);
    }

    [Fact]
    public async Task AppendAsync_OneEventImpossible_StoresNothingOfItAndSparesOthers()
    {
        var existing = Some.Event();
        await Events.AppendAsync(Some.Append(existing), None);
        var raw = Some.Raw();
        var good = Some.Event();
        var impossible = Some.Event() with { Id = existing.Id };
        var bystanders = Enumerable.Range(0, 20).Select(static _ => Some.Event()).ToList();

        var running = bystanders.Take(10).Select(one => Events.AppendAsync(Some.Append(one), None)).ToList();
        var failing = Events.AppendAsync(Some.Append(good, impossible) with { Raw = raw }, None);
        running.AddRange(bystanders.Skip(10).Select(one => Events.AppendAsync(Some.Append(one), None)));

        await Assert.ThrowsAnyAsync<Exception>(() => failing);
        await Task.WhenAll(running);
        Assert.Null(await Events.GetAsync(good.Id, None));
        Assert.Null(await Events.GetRawAsync(raw.Id, None));
        foreach (var one in bystanders)
            Assert.NotNull(await Events.GetAsync(one.Id, None));

        // Nothing of it is remembered either: sent again, it is no repetition.
        Assert.Single((await Events.AppendAsync(Some.Append(good), None)).Stored);
    }

    [Fact]
    public async Task AppendAsync_Cancelled_StoresNothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var one = Some.Event();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Events.AppendAsync(Some.Append(one), cancelled.Token));

        Assert.Null(await Events.GetAsync(one.Id, None));
    }

    [Fact]
    public async Task PurgeExpiredAsync_InBatches_DeletesWhatExpiredOnly()
    {
        var keep = Some.Raw(TimeSpan.FromDays(3));
        var keptEvent = Some.Event("p_keep");
        await Events.AppendAsync(Some.Append(keptEvent) with { Raw = keep, DedupeWindow = TimeSpan.FromDays(3) }, None);
        var expired = Enumerable.Range(0, 5).Select(static _ => Some.Raw(TimeSpan.FromHours(1))).ToList();
        foreach (var raw in expired)
            await Events.AppendAsync(Some.Append(Some.Event("p_" + raw.Id)) with { Raw = raw, DedupeWindow = TimeSpan.FromHours(1) }, None);

        var now = Some.Time().AddDays(1);
        var purged = new List<int>();
        do
            purged.Add(await Events.PurgeExpiredAsync(now, 4, None));
        while (purged[^1] > 0);

        // What is remembered of ids goes by itself or with others: how many rows that are is the store's own affair.
        Assert.All(purged, static count => Assert.InRange(count, 0, 4));
        Assert.True(purged.Sum() >= expired.Count);
        foreach (var raw in expired)
            Assert.Null(await Events.GetRawAsync(raw.Id, None));

        Assert.NotNull(await Events.GetRawAsync(keep.Id, None));
        Assert.NotNull(await Events.GetAsync(keptEvent.Id, None));
        var again = Some.Append(Some.Event("p_keep") with { ReceivedAt = now }) with { DedupeWindow = TimeSpan.FromDays(3) };
        Assert.Equal([keptEvent.Id], (await Events.AppendAsync(again, None)).Duplicates);
    }

    private static void AssertSame(HubEvent expected, HubEvent? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.SealedData.ToArray(), actual.SealedData.ToArray());
        Assert.Equal(expected with { SealedData = default }, actual with { SealedData = default });
    }
}
