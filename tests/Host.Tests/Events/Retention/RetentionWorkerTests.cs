using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Storage;
using IntegrationHub.Host.Tests.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Events.Retention;

public sealed class RetentionWorkerTests
{
    [Fact]
    public async Task PurgeAsync_ProjectsWithTheirOwnTimes_KeepThingsSoLong()
    {
        var options = new RetentionOptions { Events = TimeSpan.FromDays(90), Yield = 0 };
        options.Projects["archive"] = new ProjectRetention { Events = TimeSpan.FromDays(365) };
        options.Projects["brief"] = new ProjectRetention { Events = TimeSpan.FromDays(1) };
        var folder = SqliteHarness.NewFolder();
        await using var storage = await SqliteHarness.OpenAsync(folder);
        var events = new SqliteEventStore(storage);
        var time = new FakeTimeProvider();
        using var worker = New(events, storage, options, time);
        var start = Some.Start;
        HubEvent[] made = [At(start, "archive"), At(start, "shop"), At(start, "brief"), At(start.AddDays(89), "shop"), At(start.AddDays(89), "brief")];
        await events.AppendAsync(Some.Append(made) with { DedupeWindow = TimeSpan.Zero }, CancellationToken.None);
        time.Advance(start.AddDays(91) - time.GetUtcNow());

        Assert.Equal(3, await worker.PurgeAsync(CancellationToken.None));
        Assert.Equal("there gone gone there gone", await ThereAsync());

        time.Advance(TimeSpan.FromDays(300));
        Assert.Equal(2, await worker.PurgeAsync(CancellationToken.None));
        Assert.Equal("gone gone gone gone gone", await ThereAsync());

        async Task<string> ThereAsync()
        {
            var there = new List<string>();
            foreach (var one in made)
                there.Add(await events.GetAsync(one.Id, CancellationToken.None) is null ? "gone" : "there");
            return string.Join(' ', there);
        }
    }

    [Fact]
    public void Walks_OfProjects_AreGroupedByTime()
    {
        var options = new RetentionOptions();
        options.Projects["a"] = new ProjectRetention { Events = TimeSpan.FromDays(1) };
        options.Projects["b"] = new ProjectRetention { Events = TimeSpan.FromDays(1), Attempts = TimeSpan.FromDays(2) };
        using var worker = New(null!, null!, options, TimeProvider.System);

        var walks = worker.Walks(Some.Start).ToList();

        Assert.Equal(5, walks.Count);
        var (own, others) = (walks.Single(walk => walk is { Kind: RetentionKind.Events, Only: true }), walks.Single(walk => walk is { Kind: RetentionKind.Events, Only: false }));
        Assert.Equal(["a", "b"], own.Projects.Order());
        Assert.True(own.Concerns("a") && !own.Concerns("c") && !others.Concerns("b") && others.Concerns("c"));
        Assert.Equal((Some.Start.AddDays(-1), Some.Start.AddDays(-90)), (own.Before, others.Before));
    }

    [Fact]
    public void Faults_NameTheSettings()
    {
        var options = new RetentionOptions { Events = TimeSpan.Zero, Attempts = TimeSpan.FromDays(-1), Slice = TimeSpan.Zero, Yield = double.NaN };
        options.Projects["no/name"] = new ProjectRetention { RawBodies = TimeSpan.FromDays(-1), Deliveries = TimeSpan.Zero };

        var faults = RetentionOptions.Faults(options).ToList();

        Assert.Equal(7, faults.Count);
        Assert.All(faults, fault => Assert.StartsWith("Hub:Retention:", fault, StringComparison.Ordinal));
        Assert.Empty(RetentionOptions.Faults(new RetentionOptions()));
    }

    [Fact]
    public async Task PurgeAsync_TimesWereChanged_TakesWhatWasPassedOver()
    {
        var folder = SqliteHarness.NewFolder();
        await using var storage = await SqliteHarness.OpenAsync(folder);
        var (events, set, options) = (new SqliteEventStore(storage), new SqliteProjectRetentionStore(storage), new RetentionOptions { Events = TimeSpan.FromDays(90), Yield = 0 });
        using var registry = new RetentionRegistry(set, Options.Create(options));
        var time = new FakeTimeProvider();
        using var worker = New(events, storage, options, time, registry);
        HubEvent[] made = [At(Some.Start, "kept"), At(Some.Start, "shop"), At(Some.Start.AddDays(80), "shop")];
        await events.AppendAsync(Some.Append(made) with { DedupeWindow = TimeSpan.Zero }, CancellationToken.None);
        time.Advance(Some.Start.AddDays(100) - time.GetUtcNow());

        await SetAsync("kept", 365);
        Assert.Equal(1, await worker.PurgeAsync(CancellationToken.None));

        // The walk over all others has passed this row by: it was not theirs.
        await set.DeleteAsync("kept", CancellationToken.None);
        await registry.LoadAsync(CancellationToken.None);
        Assert.Equal(1, await worker.PurgeAsync(CancellationToken.None));

        await SetAsync("shop", 10);
        Assert.Equal(1, await worker.PurgeAsync(CancellationToken.None));
        Assert.Equal(0, await worker.PurgeAsync(CancellationToken.None));

        async Task SetAsync(string project, int days)
        {
            await set.SaveAsync(new SetRetention(project, new ProjectRetention { Events = TimeSpan.FromDays(days) }, Some.Start, "key_1"), CancellationToken.None);
            await registry.LoadAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task PurgeAsync_TimesChangeMeanwhile_LeavesTheRestToTheNextRound()
    {
        var folder = SqliteHarness.NewFolder();
        await using var storage = await SqliteHarness.OpenAsync(folder);
        var options = new RetentionOptions { Yield = 0 };
        using var registry = new RetentionRegistry(new SqliteProjectRetentionStore(storage), Options.Create(options));
        var slices = new EndlessRetentionStore(() => registry.LoadAsync(CancellationToken.None));
        using var worker = new RetentionWorker(
            new SqliteEventStore(storage), slices, new SqliteReplayStore(storage), registry, Feed(storage), Options.Create(options), new FakeTimeProvider(), NullLogger<RetentionWorker>.Instance);

        Assert.Equal(1, await worker.PurgeAsync(CancellationToken.None));
        Assert.Equal(1, slices.Taken);
    }

    [Fact]
    public async Task PurgeAsync_EventsThatStreamsShare_AreGoneFromMemoryToo()
    {
        var folder = SqliteHarness.NewFolder();
        await using var storage = await SqliteHarness.OpenAsync(folder);
        var (events, signal, time) = (new SqliteEventStore(storage), new EventFeedSignal(), new FakeTimeProvider(Some.Start));
        using var feed = Feed(storage, signal, time);
        using var worker = New(events, storage, new RetentionOptions { Yield = 0 }, time, feed: feed);
        await feed.StartAsync(CancellationToken.None);
        signal.Join();
        await UntilAsync(() => feed.TryRead(0, [], 10, out _));
        await events.AppendAsync(Some.Append(At(Some.Start, "shop")), CancellationToken.None);
        signal.Stored();
        await UntilAsync(IsShared);

        time.Advance(TimeSpan.FromDays(91));
        Assert.Equal(1, await worker.PurgeAsync(CancellationToken.None));

        Assert.False(IsShared());
        await feed.StopAsync(CancellationToken.None);

        bool IsShared()
        {
            var shared = new List<FeedEvent>();
            return feed.TryRead(0, shared, 10, out _) && shared.Count > 0;
        }

        async Task UntilAsync(Func<bool> condition)
        {
            for (var changed = feed.Changed; !condition(); changed = feed.Changed)
                await changed.Soon();
        }
    }

    private static HubEvent At(DateTimeOffset time, string project) => Some.Event(project: project) with { ReceivedAt = time, ConnectionId = null };

    private static RetentionWorker New(IEventStore events, SqliteStorage storage, RetentionOptions options, TimeProvider time, RetentionRegistry? registry = null, EventFeed? feed = null) => new(
        events, new SqliteRetentionStore(storage), new SqliteReplayStore(storage), registry ?? new RetentionRegistry(new InMemoryProjectRetentionStore(), Options.Create(options)),
        feed ?? Feed(storage), Options.Create(options), time, NullLogger<RetentionWorker>.Instance);

    private static EventFeed Feed(SqliteStorage storage, EventFeedSignal? signal = null, TimeProvider? time = null) =>
        new(new SqliteEventStore(storage), signal ?? new EventFeedSignal(), Options.Create(new StreamOptions()), time ?? TimeProvider.System, NullLogger<EventFeed>.Instance);

    /// <summary>There is always more to delete; something happens after each slice.</summary>
    private sealed class EndlessRetentionStore(Func<Task> afterSlice) : IRetentionStore
    {
        public int Taken { get; private set; }

        public async Task<RetentionSlice> PurgeAsync(RetentionWalk walk, long after, int batch, TimeSpan budget, CancellationToken cancellationToken)
        {
            Taken++;
            await afterSlice();
            return new RetentionSlice(1, after + 1, HasMore: true, TimeSpan.Zero);
        }
    }
}
