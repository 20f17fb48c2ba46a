using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Routing;

namespace IntegrationHub.Host.Tests.Events.Routing;

public sealed class RouteTableTests
{
    private static readonly string[] Patterns = ["**", "*", "acme.**", "acme.order.*", "acme.order.paid", "acme.*.paid", "other.**", "acme"];
    private static readonly string[] Types = ["acme.order.paid", "acme.order", "acme", "other.thing", "nothing.of.these"];

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
            Assert.Same(model.GetValueOrDefault($"sub_{number:D5}"), table.Find($"sub_{number:D5}"));
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

    private static EventRoute Route(string id, string pattern, string project = "shop", bool stream = false) => EventRoute.TryCompile(
        SomeEvent.Subscribed("https://example.com/hooks", pattern, project).Subscription with { Id = id, TargetKind = stream ? "stream" : WebhookTarget.KindName }, out _)!;
}
