using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Storage;

public abstract partial class EventStoreCompliance
{
    [Fact]
    public async Task ListAsync_ByEachFilter_GivesWhatMatchesNewestFirst()
    {
        var a = Some.Event(connection: "conn_1") with { Subject = "s1" };
        var b = Some.Event(connection: "conn_2", type: "slack.message");
        var c = Some.Event(connection: null, project: "blog", type: "app.done") with { Subject = "s1" };
        await Events.AppendAsync(Some.Append(a, b, c), None);

        Assert.Equal([c.Id, b.Id, a.Id], await IdsAsync(new EventQuery()));
        Assert.Equal([b.Id], await IdsAsync(new EventQuery { Provider = "slack" }));
        Assert.Equal([a.Id], await IdsAsync(new EventQuery { ConnectionId = "conn_1" }));
        Assert.Equal([c.Id, a.Id], await IdsAsync(new EventQuery { Subject = "s1" }));
        Assert.Equal([c.Id], await IdsAsync(new EventQuery { VisibleProjects = new HashSet<string> { "blog" } }));
        Assert.Equal([c.Id, b.Id, a.Id], await IdsAsync(new EventQuery { VisibleProjects = new HashSet<string> { "blog", "shop" } }));
        Assert.Equal([], await IdsAsync(new EventQuery { VisibleProjects = new HashSet<string>() }));
        Assert.Equal([b.Id, a.Id], await IdsAsync(new EventQuery { From = a.ReceivedAt, To = c.ReceivedAt }));
        Assert.Equal([c.Id], await IdsAsync(new EventQuery { From = b.ReceivedAt.AddTicks(1) }));
        Assert.Equal([], await IdsAsync(new EventQuery { Provider = "stripe", ConnectionId = "conn_2" }));
    }

    [Fact]
    public async Task ListAsync_ByStatus_GivesEventsWithADeliveryThatIsSo()
    {
        var (a, b, c) = (Some.Event(), Some.Event(), Some.Event());
        await Events.AppendAsync(Some.Append(a, b, c), None);
        await Storage.Deliveries.AddAsync([Some.Delivery(a, "sub_1"), Some.Delivery(a, "sub_2") with { Status = DeliveryStatus.Dead }, Some.Delivery(b, "sub_1")], None);

        Assert.Equal([b.Id, a.Id], await IdsAsync(new EventQuery { Status = DeliveryStatus.Pending }));
        Assert.Equal([a.Id], await IdsAsync(new EventQuery { Status = DeliveryStatus.Dead }));
        Assert.Equal([], await IdsAsync(new EventQuery { Status = DeliveryStatus.Delivered }));
        Assert.Equal([a.Id], await IdsAsync(new EventQuery { Status = DeliveryStatus.Pending, To = b.ReceivedAt }));
    }

    [Theory]
    [InlineData("stripe.payment_intent.succeeded", "stripe.payment_intent.succeeded")]
    [InlineData("stripe.payment_intent.*", "stripe.payment_intent.failed stripe.payment_intent.succeeded")]
    [InlineData("stripe.*", "stripe.ping")]
    [InlineData("stripe.**", "stripe stripe.payment_intent.failed stripe.payment_intent.succeeded stripe.ping")]
    [InlineData("*.ping", "slack.ping stripe.ping")]
    [InlineData("**.ping", "slack.ping stripe.ping")]
    [InlineData("**", "slack.ping stripe stripe-eu.ping.now stripe.payment_intent.failed stripe.payment_intent.succeeded stripe.ping stripe_x.a.b")]
    [InlineData("*", "stripe")]
    [InlineData("*.*.*", "stripe-eu.ping.now stripe.payment_intent.failed stripe.payment_intent.succeeded stripe_x.a.b")]
    [InlineData("stripe.**.failed", "stripe.payment_intent.failed")]
    [InlineData("**.payment_intent.**", "stripe.payment_intent.failed stripe.payment_intent.succeeded")]
    [InlineData("stripe.payment_intent", "")]
    [InlineData("stripe.payment_intent.*.*", "")]
    [InlineData("STRIPE.**", "")]
    [InlineData("stripe_%.**", "")]
    [InlineData("stripe?x.**", "")]
    [InlineData("[s]tripe.**", "")]
    [InlineData("' OR 1=1 --", "")]
    public async Task ListAsync_ByPattern_MatchesWholeSegments(string pattern, string expected)
    {
        string[] types = ["stripe", "stripe.ping", "stripe.payment_intent.succeeded", "stripe.payment_intent.failed", "slack.ping", "stripe_x.a.b", "stripe-eu.ping.now"];
        await Events.AppendAsync(Some.Append([.. types.Select(static type => Some.Event(type: type))]), None);

        var found = await ReadAllAsync(page => Events.ListAsync(new EventQuery { Type = pattern }, page, None), 2);

        Assert.Equal(expected, string.Join(' ', found.Select(static one => one.Type).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task ListAsync_AnyList_LeavesTheDataOut()
    {
        await Events.AppendAsync(Some.Append(Some.Event()), None);

        Assert.True(Assert.Single((await Events.ListAsync(new EventQuery(), new PageRequest(), None)).Items).SealedData.IsEmpty);
    }

    [Fact]
    public async Task ListAsync_ManyOfTheSameInstant_SkipsAndRepeatsNothing()
    {
        var instant = Some.Time();
        var all = Enumerable.Range(0, 25).Select(_ => Some.Event() with { ReceivedAt = instant }).ToList();
        await Events.AppendAsync(Some.Append(all), None);

        var read = await ReadAllAsync(page => Events.ListAsync(new EventQuery(), page, None), 4);

        Assert.Equal(all.Select(static one => one.Id).OrderDescending(StringComparer.Ordinal), read.Select(static one => one.Id));
    }

    [Fact]
    public async Task ListAsync_WhileMoreArrive_PagesStayStable()
    {
        var all = Enumerable.Range(0, 12).Select(static _ => Some.Event()).ToList();
        await Events.AppendAsync(Some.Append(all), None);
        var read = new List<HubEvent>();
        string? cursor = null;
        do
        {
            var page = await Events.ListAsync(new EventQuery { Type = "stripe.**" }, new PageRequest(5, cursor), None);
            read.AddRange(page.Items);
            cursor = page.NextCursor;
            await Events.AppendAsync(Some.Append(Some.Event()), None);
        }
        while (cursor is not null);

        all.Reverse();
        Assert.Equal(all.Select(static one => one.Id), read.Select(static one => one.Id));
    }

    [Fact]
    public async Task ListAsync_LimitOutOfRange_IsBroughtIntoIt()
    {
        await Events.AppendAsync(Some.Append([.. Enumerable.Range(0, 201).Select(static _ => Some.Event())]), None);

        Assert.Equal(PageRequest.MaxLimit, (await Events.ListAsync(new EventQuery(), new PageRequest(100_000), None)).Items.Count);
        Assert.Single((await Events.ListAsync(new EventQuery(), new PageRequest(-5), None)).Items);
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Events.ListAsync(new EventQuery(), page, None), cursor);

    private async Task<IEnumerable<string>> IdsAsync(EventQuery query) =>
        (await ReadAllAsync(page => Events.ListAsync(query, page, None), 2)).Select(static one => one.Id);
}
