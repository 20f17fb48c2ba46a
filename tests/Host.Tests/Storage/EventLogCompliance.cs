using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Stream;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class EventLogCompliance : StoreCompliance
{
    private IEventLog Log => Storage.EventLog;

    [Fact]
    public async Task ReadAsync_Empty_IsTheEnd()
    {
        Assert.Equal(0, await Log.LastAsync(None));
        var slice = await Log.ReadAsync(0, 10, EventLogFilter.All, None);
        Assert.Empty(slice.Events);
        Assert.True(slice.IsEnd);
        Assert.Equal(0, slice.UpTo);
    }

    [Fact]
    public async Task ReadAsync_GivesEventsInOrder_WithData_AndWhereToGoOn()
    {
        var stored = await AppendAsync(5);

        var first = await Log.ReadAsync(0, 3, EventLogFilter.All, None);
        var rest = await Log.ReadAsync(first.UpTo, 3, EventLogFilter.All, None);

        Assert.Equal(stored.Take(3).Select(one => one.Id), first.Events.Select(one => one.Event.Id));
        Assert.Equal(stored.Skip(3).Select(one => one.Id), rest.Events.Select(one => one.Event.Id));
        Assert.False(first.IsEnd);
        Assert.True(rest.IsEnd);
        Assert.Equal(stored[0].SealedData.ToArray(), first.Events[0].Event.SealedData.ToArray());
        Assert.Equal(rest.UpTo, await Log.LastAsync(None));
        Assert.Empty((await Log.ReadAsync(rest.UpTo, 3, EventLogFilter.All, None)).Events);
    }

    [Fact]
    public async Task ReadAsync_Filter_PassesOverTheOthers_AndGoesOnBehindThem()
    {
        var wanted = Some.Event(project: "blog", type: "acme.order.paid");
        await Storage.Events.AppendAsync(Some.Append(Some.Event(), wanted, Some.Event(project: "blog", type: "acme.other"), Some.Event(project: "blog", type: "acme.order.paid") with { Environment = "prod" }), None);

        var filter = new EventLogFilter { Projects = new HashSet<string> { "blog" }, Environment = wanted.Environment, Type = "acme.order.*" };
        var slice = await Log.ReadAsync(0, 10, filter, None);

        Assert.NotEqual("prod", wanted.Environment);
        Assert.Equal(wanted.Id, Assert.Single(slice.Events).Event.Id);
        Assert.Equal(await Log.LastAsync(None), slice.UpTo);
        Assert.True(slice.IsEnd);
        Assert.Empty((await Log.ReadAsync(0, 10, filter with { Projects = new HashSet<string>() }, None)).Events);
    }

    [Fact]
    public async Task ReadAsync_LargeEvents_AreCutIntoParts()
    {
        var large = Enumerable.Range(0, 5).Select(_ => Some.Event() with { SealedData = Some.Bytes(600_000) }).ToList();
        foreach (var one in large)
            await Storage.Events.AppendAsync(Some.Append(one), None);

        var read = new List<string>();
        var reads = 0;
        for (var (at, isEnd) = (0L, false); !isEnd; reads++)
        {
            var slice = await Log.ReadAsync(at, 100, EventLogFilter.All, None);
            read.AddRange(slice.Events.Select(one => one.Event.Id));
            (at, isEnd) = (slice.UpTo, slice.IsEnd);
        }

        Assert.Equal(large.Select(one => one.Id), read);
        Assert.InRange(reads, 3, 6);
    }

    [Fact]
    public async Task ReadAsync_WhileManyAppend_MissesNothing()
    {
        const int writers = 8, each = 200;
        var read = new List<string>();
        var writing = Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(() => AppendAsync(each))));
        for (var at = 0L; !writing.IsCompleted || at < await Log.LastAsync(None);)
        {
            var slice = await Log.ReadAsync(at, 37, EventLogFilter.All, None);
            Assert.True(slice.UpTo >= at);
            Assert.All(slice.Events, one => Assert.True(one.Number > at && one.Number <= slice.UpTo));
            read.AddRange(slice.Events.Select(one => one.Event.Id));
            at = slice.UpTo;
        }

        var stored = (await writing).SelectMany(one => one).Select(one => one.Id).ToHashSet();
        Assert.Equal(writers * each, read.Count);
        Assert.Equal(stored, read.ToHashSet());
    }

    [Fact]
    public async Task BeforeAsync_IsThePlaceBeforeTheFirstOfThatTime()
    {
        var stored = await AppendAsync(4);

        async Task<List<string>> FromAsync(DateTimeOffset time) =>
            [.. (await Log.ReadAsync(await Log.BeforeAsync(time, None), 10, EventLogFilter.All, None)).Events.Select(one => one.Event.Id)];

        Assert.Equal(stored.Skip(2).Select(one => one.Id), await FromAsync(stored[2].ReceivedAt));
        Assert.Equal(stored.Select(one => one.Id), await FromAsync(DateTimeOffset.UnixEpoch));
        Assert.Empty(await FromAsync(stored[3].ReceivedAt.AddTicks(1)));
    }

    private async Task<List<HubEvent>> AppendAsync(int count)
    {
        var all = new List<HubEvent>();
        for (var i = 0; i < count; i++)
        {
            var one = Some.Event();
            await Storage.Events.AppendAsync(Some.Append(one), None);
            all.Add(one);
        }

        return all;
    }
}
