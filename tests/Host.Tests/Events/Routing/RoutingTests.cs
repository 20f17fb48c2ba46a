using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events.Routing;

/// <summary>Filters, order and templates on the way from an event's publication to what is sent.</summary>
public sealed class RoutingTests
{
    [Fact]
    public async Task Publish_Filters_DecideWhereItGoes()
    {
        await using var hub = new DeliveryHarness();
        var large = await SubscribeAsync(hub, new() { Filter = JsonElement.Parse("""{ "/data/amount": { "gte": 40 } }""") });
        var all = await SubscribeAsync(hub, new());
        await SubscribeAsync(hub, new() { Filter = JsonElement.Parse("""{ "/data/amount": { "lt": 40 } }""") });

        await hub.PublishAsync();

        Assert.Equal(new[] { large, all }.Order(), hub.Store.Deliveries.Select(delivery => delivery.SubscriptionId).Order());
    }

    [Fact]
    public async Task Replay_OfAnEvent_AsksTheFiltersAgain()
    {
        await using var hub = new DeliveryHarness();
        var hubEvent = await hub.PublishAsync();
        var small = await SubscribeAsync(hub, new() { Filter = JsonElement.Parse("""{ "/data/amount": 1 }""") });
        var large = await SubscribeAsync(hub, new() { Filter = JsonElement.Parse("""{ "/data/amount": 42 }"""), OrderBy = "subject" });

        Assert.Empty(await hub.Replay.ReplayEventAsync(hubEvent, small, CancellationToken.None));
        var made = Assert.Single(await hub.Replay.ReplayEventAsync(hubEvent, null, CancellationToken.None));
        Assert.Equal(large, made.SubscriptionId);
        Assert.NotNull(made.OrderKey);
    }

    [Fact]
    public async Task Publish_OrderBy_GivesEqualKeysForEqualValuesAndHidesThem()
    {
        await using var hub = new DeliveryHarness();
        await SubscribeAsync(hub, new() { OrderBy = "/data/customer" });
        foreach (var data in new[] { """{"customer":"ada@example.com"}""", """{"customer":"ada@example.com"}""", """{"customer":5}""", """{"customer":"5"}""", """{"customer":{}}""", "{}", """{"customer":""}""" })
            await hub.Publisher.PublishAsync(null, [SomeEvent.Of(hub.Time, data: data)], TimeSpan.FromHours(1), CancellationToken.None);

        var keys = hub.Store.Deliveries.Select(delivery => delivery.OrderKey).ToArray();
        Assert.NotNull(keys[0]);
        Assert.DoesNotContain("ada", keys[0], StringComparison.Ordinal);
        Assert.Equal(keys[0], keys[1]);
        Assert.Equal(keys[2], keys[3]);
        Assert.NotEqual(keys[0], keys[2]);
        Assert.All(keys[4..], Assert.Null);
    }

    [Fact]
    public async Task Load_FilterAlteredFromOutside_LeavesTheOthers()
    {
        await using var hub = new DeliveryHarness();
        await SubscribeAsync(hub, new() { Filter = JsonElement.Parse("5") });
        await SubscribeAsync(hub, new() { OrderBy = "customer" });
        var good = await SubscribeAsync(hub, new());
        Assert.Equal(good, Assert.Single(hub.Registry.Route(SomeEvent.Of(hub.Time))).Subscription.Id);
    }

    [Fact]
    public async Task Load_ChangedFilter_IsCompiledAnew()
    {
        await using var hub = new DeliveryHarness();
        var id = await SubscribeAsync(hub, new() { Filter = JsonElement.Parse("""{ "/data/amount": 1 }""") });
        var before = (await hub.Subscriptions.GetAsync(id, CancellationToken.None))!;
        await hub.Subscriptions.UpdateAsync(before with { Version = before.Version + 1, Settings = new() { Filter = JsonElement.Parse("""{ "/data/amount": 42 }""") } }, CancellationToken.None);
        Assert.Empty(hub.Registry.Route(SomeEvent.Of(hub.Time)));

        await hub.Registry.LoadAsync(CancellationToken.None);
        Assert.Single(hub.Registry.Route(SomeEvent.Of(hub.Time)));
    }

    /// <summary>The index must give exactly what matching every pattern gives.</summary>
    [Fact]
    public async Task Match_RandomPatterns_AgreesWithEveryPatternTriedAlone()
    {
        var random = new Random(7);
        var store = new InMemorySubscriptionStore();
        var all = new List<Subscription>();
        for (var i = 0; i < 400; i++)
        {
            var pattern = string.Join('.', Enumerable.Range(0, random.Next(1, 5)).Select(_ => new[] { "a", "b", "c", "*", "**" }[random.Next(5)]));
            all.Add(SomeEvent.Subscribed("https://example.com", pattern, random.Next(4) == 0 ? "other" : "shop", random.Next(3) == 0 ? "dev" : null).Subscription);
            await store.AddAsync(all[^1], CancellationToken.None);
        }

        using var registry = new SubscriptionRegistry(store, new FakeSealer(), Microsoft.Extensions.Logging.Abstractions.NullLogger<SubscriptionRegistry>.Instance);
        await registry.LoadAsync(CancellationToken.None);
        for (var i = 0; i < 300; i++)
        {
            var type = string.Join('.', Enumerable.Range(0, random.Next(1, 6)).Select(_ => new[] { "a", "b", "c", "ab" }[random.Next(4)]));
            var expected = all.Where(one => one.Project == "shop" && one.Environment is null or "prod" && EventPattern.Parse(one.Pattern).Matches(type)).Select(one => one.Id);
            Assert.Equal(expected.Order(), registry.Match("shop", "prod", type).Select(one => one.Id).Order());
        }
    }

    [Fact]
    public async Task Delivery_WithATemplate_SendsWhatItMakesSigned()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        var (subscription, secret) = SomeEvent.Subscribed(receiver.Url);
        await AddAsync(hub, subscription with { Settings = new() { Transform = JsonElement.Parse("""{ "template": { "paid": "{/data/amount}" }, "contentType": "application/vnd.acme+json" }""") } });
        await hub.StartAsync();

        var hubEvent = await hub.PublishAsync();
        var got = await receiver.Received.ReadAsync().Soon();

        Assert.Equal("""{"paid":42}""", Encoding.UTF8.GetString(got.Body));
        Assert.Equal(("application/vnd.acme+json", hubEvent.Id), (got.Headers["Content-Type"], got.Headers["webhook-id"]));
        Assert.Equal(DeliveryHarness.Signature(got, secret), got.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task Delivery_TemplateCannotBeFilled_IsADeadLetterAtOnceThatSaysWhere()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        var (subscription, _) = SomeEvent.Subscribed(receiver.Url);
        await AddAsync(hub, subscription with { Settings = new() { Transform = JsonElement.Parse("""{ "template": { "at": "{/subject|iso}" } }""") } });
        await hub.StartAsync();

        await hub.PublishAsync();
        var record = await hub.Store.Records.ReadAsync().Soon();

        Assert.Equal((DeliveryStatus.Dead, 1, "transform_failed"), (record.Status, record.Attempt.Number, record.Attempt.Outcome));
        Assert.Contains("/transform/template/at", record.Reason, StringComparison.Ordinal);
        Assert.False(receiver.Received.TryRead(out _));
    }

    [Fact]
    public async Task Delivery_InOrder_WaitsForTheFailingOneAndIsWokenWhenItIsDone()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = new DeliveryHarness();
        var (subscription, _) = SomeEvent.Subscribed(receiver.Url);
        await AddAsync(hub, subscription with { Settings = new() { OrderBy = "subject" } });
        receiver.AnswerWith(500);
        var first = SomeEvent.Of(hub.Time);
        var second = SomeEvent.Of(hub.Time);
        var other = SomeEvent.Of(hub.Time) with { Subject = "order_8" };
        await hub.Publisher.PublishAsync(null, [first, second, other], TimeSpan.FromHours(1), CancellationToken.None);
        await hub.StartAsync();

        string[] got = [await IdAsync(receiver), await IdAsync(receiver)];
        Assert.Equal(new[] { first.Id, other.Id }.Order(), got.Order());
        await hub.Store.Records.ReadAsync().Soon();
        await hub.Store.Records.ReadAsync().Soon();
        Assert.False(receiver.Received.TryRead(out _));

        receiver.AnswerWith(204);
        await hub.SleepAsync(TimeSpan.FromSeconds(5));
        got = [await IdAsync(receiver), await IdAsync(receiver), await IdAsync(receiver)];
        Assert.Equal(new[] { first.Id, second.Id, other.Id }.Order(), got.Order());
        Assert.True(Array.IndexOf(got, first.Id) < Array.IndexOf(got, second.Id));
    }

    private static async Task<string> IdAsync(EventReceiver receiver) => (await receiver.Received.ReadAsync().Soon()).Headers["webhook-id"];

    private static Task<string> SubscribeAsync(DeliveryHarness hub, SubscriptionSettings settings) =>
        AddAsync(hub, SomeEvent.Subscribed("https://example.com/hooks").Subscription with { Settings = settings });

    private static async Task<string> AddAsync(DeliveryHarness hub, Subscription subscription)
    {
        await hub.Subscriptions.AddAsync(subscription, CancellationToken.None);
        await hub.Registry.LoadAsync(CancellationToken.None);
        return subscription.Id;
    }
}
