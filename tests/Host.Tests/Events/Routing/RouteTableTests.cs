using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Events.Routing;

public sealed class RouteTableTests
{
    private static readonly string[] Patterns = ["**", "*", "acme.**", "acme.order.*", "acme.order.paid", "acme.*.paid", "other.**", "acme"];
    private static readonly string[] Types = ["acme.order.paid", "acme.order", "acme", "other.thing", "nothing.of.these"];

    private static readonly string?[] Filters =
    [
        null,
        """{ "/data/amount": 5 }""",
        """{ "/data/amount": 6 }""",
        """{ "/data/amount": { "gte": 5 }, "/data/customer/name": "ada" }""",
        """{ "/data/customer/name": { "prefix": "a" } }""",
        """{ "/data/customer/name": { "exists": true } }""",
        """{ "not": { "/data/customer/name": { "exists": true } } }""",
        """{ "/data/lines/sku": "a1" }""",
        """{ "/data/lines/0/sku": "a1" }""",
        """{ "/data/lines/-1/sku": "a1" }""",
        """{ "/data/lines": { "contains": 3 } }""",
        """{ "or": [{ "/data/lines/sku": "b2" }, { "/data/amount": 6 }] }""",
        """{ "/data/nothing/of/these": { "exists": true } }""",
        """{ "/subject": { "prefix": "order_" } }""",
    ];

    private static readonly string[] Data =
    [
        "{}", """{ "amount": 5 }""", """{ "amount": 6, "customer": { "name": "ada" } }""", """{ "amount": [5, 7], "customer": [{ "name": "bob" }, { "name": "ada" }] }""",
        """{ "lines": [{ "sku": "a1" }, { "sku": "b2" }] }""", """{ "lines": [1, 2, 3], "customer": { "name": null } }""", """{ "lines": { "sku": "a1" } }""", "[]", "5",
        """{ "customer": { "name": "\ud800" }, "\ud800": 1, "amount": 5 }""",
    ];

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 1_000)]
    [InlineData(3, 3_000)]
    public void With_ManyChanges_IsWhatWouldBeBuiltAnew(int seed, int ids)
    {
        var random = new Random(seed);
        var table = RouteTable.Empty;
        var model = new SortedDictionary<string, EventRoute>(StringComparer.Ordinal);
        for (var change = 0; change < ids * 3; change++)
        {
            var id = $"sub_{random.Next(ids):D5}";
            var route = random.Next(4) == 0 ? null : Route(id, Patterns[random.Next(Patterns.Length)], random.Next(3) == 0 ? "other" : "shop", random.Next(20) == 0);
            table = table.With(id, route);
            if (route is null)
                model.Remove(id);
            else
                model[id] = route;
        }

        var built = RouteTable.Of([.. model.Values]);
        foreach (var project in (string[])["shop", "other", "none"])
        {
            foreach (var type in Types)
            {
                var found = Found(table, project, type);
                Assert.Equal(Found(built, project, type), found);

                // The index finds what trying every pattern finds, streams aside.
                var expected = model.Values.Where(route => route.Subscription.TargetKind != "stream" && route.Subscription.Project == project && route.Sees("prod", type)).Select(route => route.Subscription.Id);
                Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
            }
        }

        for (var number = 0; number < ids; number++)
            Assert.Same(model.GetValueOrDefault($"sub_{number:D5}")?.Subscription, table.Find($"sub_{number:D5}")?.Subscription);
    }

    [Fact]
    public void With_IdsInAnyOrder_KeepsTheOrderOfIds()
    {
        var ids = Enumerable.Range(0, 1_000).Select(number => $"sub_{number:D5}").ToArray();
        var shuffled = ids.ToArray();
        new Random(7).Shuffle(shuffled);

        var table = shuffled.Aggregate(RouteTable.Empty, (before, id) => before.With(id, Route(id, "acme.**")));

        Assert.Equal(ids, Found(table, "shop", "acme.order"));
    }

    /// <summary>One answer serves all that say the same, however they came to stand beside each other.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void With_PatternsAndFiltersThatAreTheSame_AreShared(int seed)
    {
        var random = new Random(seed);
        var routes = Enumerable.Range(0, 1_000).Select(number => Route($"sub_{number:D5}", number % 2 == 0 ? "acme.*" : "acme.**", filter: Filters[number % 5])).ToArray();
        var loaded = RouteTable.Of(routes[..500]);
        random.Shuffle(routes);
        var table = routes.Aggregate(loaded, (before, route) => before.With(route.Subscription.Id, route));
        foreach (var route in routes[..300])
            table = table.With(route.Subscription.Id, random.Next(2) == 0 ? null : Route(route.Subscription.Id, "acme.*", filter: Filters[random.Next(5)]));

        var (patterns, filters, count) = (new HashSet<EventPattern>(ReferenceEqualityComparer.Instance), new HashSet<EventFilter>(ReferenceEqualityComparer.Instance), 0);
        foreach (var route in table.Of("shop", "acme.order"))
        {
            count++;
            patterns.Add(route.Pattern);
            if (route.Filter is { } filter)
                filters.Add(filter);
            Assert.Same(route, table.Find(route.Subscription.Id));
        }

        Assert.True(count > 700, $"{count}");
        Assert.Equal(2, patterns.Count);

        // A filter is shared by what stands together, and so once by each pattern; the first of the five is none.
        Assert.Equal(8, filters.Count);
    }

    /// <summary>What routes share, and what an event remembers of the fields that were looked at, changes nothing about where it goes.</summary>
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public async Task Route_AmongManyAlike_GoesWhereEachSaysByItself(int seed)
    {
        var random = new Random(seed);
        var store = new InMemorySubscriptionStore();
        using var registry = new SubscriptionRegistry(store, new FakeSealer(), NullLogger<SubscriptionRegistry>.Instance);
        var all = new List<Subscription>();
        for (var number = 0; number < 400; number++)
        {
            var one = Subscribed($"sub_{random.Next(100_000):D5}_{number}", Patterns[random.Next(Patterns.Length)], Filters[random.Next(Filters.Length)]) with { Environment = random.Next(4) == 0 ? "dev" : null };
            all.Add(one);
            await store.AddAsync(one, CancellationToken.None);
            if (number == 200)
                await registry.LoadAsync(CancellationToken.None);
            else if (number > 200)
                await registry.RefreshAsync(one.Id, CancellationToken.None);
        }

        foreach (var type in Types)
        {
            foreach (var data in Data)
            {
                var hubEvent = SomeEvent.Of(TimeProvider.System, type, data);
                var expected = all.Where(one =>
                {
                    EventFields? fields = null;
                    var route = EventRoute.TryCompile(one, out _)!;
                    var goes = route.Sees("prod", type) && route.Passes(hubEvent, new FakeSealer(), ref fields);
                    fields?.Dispose();
                    return goes;
                });

                Assert.Equal(expected.Select(one => one.Id).Order(StringComparer.Ordinal), registry.Route(hubEvent).Select(one => one.Subscription.Id).Order(StringComparer.Ordinal));
            }
        }
    }

    [Fact]
    public void With_AChange_LeavesTheOriginal()
    {
        var before = RouteTable.Of([Route("sub_1", "acme.**"), Route("sub_2", "**")]);
        var after = before.With("sub_1", null).With("sub_3", Route("sub_3", "acme.order.paid"));

        Assert.Equal(["sub_2", "sub_1"], Found(before, "shop", "acme.order.paid"));
        Assert.Equal(["sub_2", "sub_3"], Found(after, "shop", "acme.order.paid"));
    }

    [Fact]
    public void Find_AStream_IsThereAndGetsNothing()
    {
        var table = RouteTable.Empty.With("sub_1", Route("sub_1", "**", stream: true));

        Assert.NotNull(table.Find("sub_1"));
        Assert.Empty(Found(table, "shop", "acme.order"));
    }

    private static string[] Found(RouteTable table, string project, string type)
    {
        var found = new List<string>();
        foreach (var route in table.Of(project, type))
        {
            if (route.Sees("prod", type))
                found.Add(route.Subscription.Id);
        }

        return [.. found];
    }

    private static Subscription Subscribed(string id, string pattern, string? filter) => SomeEvent.Subscribed("https://example.com/hooks", pattern).Subscription with
    {
        Id = id, Settings = filter is null ? SubscriptionSettings.None : new SubscriptionSettings { Filter = JsonElement.Parse(filter) },
    };

    private static EventRoute Route(string id, string pattern, string project = "shop", bool stream = false, string? filter = null) => EventRoute.TryCompile(
        Subscribed(id, pattern, filter) with { Project = project, TargetKind = stream ? "stream" : WebhookTarget.KindName }, out _)!;
}
