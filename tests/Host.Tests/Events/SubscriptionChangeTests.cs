using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Events;

/// <summary>The registry takes in one change at a time, whatever else happens meanwhile.</summary>
public sealed class SubscriptionChangeTests : IDisposable
{
    private readonly HeldStore store = new();
    private readonly SubscriptionRegistry registry;

    public SubscriptionChangeTests() => registry = new SubscriptionRegistry(store, new FakeSealer(), NullLogger<SubscriptionRegistry>.Instance);

    public void Dispose() => registry.Dispose();

    [Fact]
    public async Task Refresh_CreatedChangedDisabledDeleted_IsRoutedByWhatIsStored()
    {
        await registry.LoadAsync(CancellationToken.None);
        var one = await AddAsync("acme.**");
        Assert.Equal([one.Id], Found("acme.order"));

        await ChangeAsync(one with { Pattern = "other.**" });
        Assert.Empty(Found("acme.order"));
        Assert.Equal([one.Id], Found("other.order"));

        await ChangeAsync((await store.GetAsync(one.Id, CancellationToken.None))! with { Enabled = false });
        Assert.Empty(Found("other.order"));
        Assert.Null(registry.Find(one.Id));

        await ChangeAsync((await store.GetAsync(one.Id, CancellationToken.None))! with { Enabled = true });
        Assert.Equal([one.Id], Found("other.order"));

        await store.DeleteAsync(one.Id, CancellationToken.None);
        await registry.RefreshAsync(one.Id, CancellationToken.None);
        Assert.Empty(Found("other.order"));
    }

    [Fact]
    public async Task Refresh_OneOfMany_ReadsThatOneAndLeavesTheOthersAsTheyAre()
    {
        await registry.LoadAsync(CancellationToken.None);
        var first = await AddAsync("acme.**");
        var before = registry.Find(first.Id);
        for (var i = 0; i < 300; i++)
            await AddAsync("acme.**");

        Assert.Equal(1, store.Lists);
        Assert.Equal(301, Found("acme.order").Length);

        // The same object: what was opened of its secrets is kept by it.
        Assert.Same(before, registry.Find(first.Id));
    }

    [Fact]
    public async Task Refresh_UnreadableByNow_ReceivesNothing()
    {
        await registry.LoadAsync(CancellationToken.None);
        var one = await AddAsync("acme.**");

        await ChangeAsync(one with { Pattern = "acme..broken" });

        Assert.Null(registry.Find(one.Id));
        Assert.Empty(Found("acme.order"));
    }

    [Fact]
    public async Task Refresh_WhileAnOlderReadIsUnderWay_EndsWithTheNewer()
    {
        await registry.LoadAsync(CancellationToken.None);
        var one = await AddAsync("acme.**");
        await store.UpdateAsync(one with { Pattern = "first.**", Version = 2 }, CancellationToken.None);
        var held = store.Hold();
        var older = registry.RefreshAsync(one.Id, CancellationToken.None);
        await held.Reached;

        await store.UpdateAsync(one with { Pattern = "second.**", Version = 3 }, CancellationToken.None);
        var newer = registry.RefreshAsync(one.Id, CancellationToken.None);
        Assert.False(newer.IsCompleted);
        held.Release();
        await Task.WhenAll(older, newer);

        Assert.Empty(Found("first.x"));
        Assert.Equal([one.Id], Found("second.x"));
    }

    [Fact]
    public async Task Refresh_WhileALoadIsUnderWay_IsNotForgottenByIt()
    {
        var held = store.Hold();
        var load = registry.LoadAsync(CancellationToken.None);
        await held.Reached;

        // The load has read already.
        var (subscription, _) = SomeEvent.Subscribed("https://example.com/hooks", "acme.**");
        await store.AddAsync(subscription, CancellationToken.None);
        var refresh = registry.RefreshAsync(subscription.Id, CancellationToken.None);
        held.Release();
        await Task.WhenAll(load, refresh);

        Assert.Equal([subscription.Id], Found("acme.order"));
    }

    [Fact]
    public async Task Refresh_ReadFails_TheNextOneMakesUpForIt()
    {
        await registry.LoadAsync(CancellationToken.None);
        var (subscription, _) = SomeEvent.Subscribed("https://example.com/hooks", "acme.**");
        await store.AddAsync(subscription, CancellationToken.None);
        store.Broken = true;
        await Assert.ThrowsAsync<IOException>(() => registry.RefreshAsync(subscription.Id, CancellationToken.None));
        Assert.Empty(Found("acme.order"));

        store.Broken = false;
        await AddAsync("other.**");

        Assert.Equal([subscription.Id], Found("acme.order"));
    }

    [Fact]
    public async Task Refresh_CallerGivesUpWaiting_TheNextOneMakesUpForIt()
    {
        await registry.LoadAsync(CancellationToken.None);
        var held = store.Hold();
        var first = AddAsync("first.**");
        await held.Reached;
        using var caller = new CancellationTokenSource();
        var (subscription, _) = SomeEvent.Subscribed("https://example.com/hooks", "acme.**");
        await store.AddAsync(subscription, CancellationToken.None);
        var waiting = registry.RefreshAsync(subscription.Id, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        held.Release();
        await first;

        await AddAsync("other.**");

        Assert.Equal([subscription.Id], Found("acme.order"));
    }

    [Fact]
    public async Task Refresh_ManyAtOnce_EachIsThereWhenItsOwnHasCompleted()
    {
        await registry.LoadAsync(CancellationToken.None);

        await Parallel.ForEachAsync(Enumerable.Range(0, 500), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, _) =>
        {
            var one = await AddAsync($"acme.kind_{number}.*");
            Assert.Equal([one.Id], Found($"acme.kind_{number}.x"));
            if (number % 3 != 0)
                return;

            await store.DeleteAsync(one.Id, CancellationToken.None);
            await registry.RefreshAsync(one.Id, CancellationToken.None);
            Assert.Empty(Found($"acme.kind_{number}.x"));
        });

        var stored = await store.ListEnabledAsync(CancellationToken.None);
        Assert.Equal(333, stored.Count);
        Assert.All(stored, one => Assert.NotNull(registry.Find(one.Id)));
    }

    [Fact]
    public async Task Route_WhileThePatternMovesInTheIndex_FindsItEveryTime()
    {
        await registry.LoadAsync(CancellationToken.None);
        var one = await AddAsync("acme.**");
        using var over = new CancellationTokenSource();
        var looked = 0;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reader = Task.Run(() =>
        {
            while (!over.IsCancellationRequested)
            {
                // Both patterns take the event: there is no moment at which neither does.
                Assert.Equal([one.Id], Found("acme.order.paid"));
                if (++looked == 1_000)
                    started.SetResult();
            }
        });
        await Task.WhenAny(started.Task, reader);

        for (var i = 0; i < 3_000 && !reader.IsCompleted; i++)
            await ChangeAsync((await store.GetAsync(one.Id, CancellationToken.None))! with { Pattern = i % 3 == 0 ? "**" : i % 3 == 1 ? "acme.order.*" : "acme.**" });
        await over.CancelAsync();

        await reader;
    }

    private string[] Found(string type) => [.. registry.Match("shop", "prod", type).Select(subscription => subscription.Id)];

    private async Task<Subscription> AddAsync(string pattern)
    {
        var (subscription, _) = SomeEvent.Subscribed("https://example.com/hooks", pattern);
        await store.AddAsync(subscription, CancellationToken.None);
        await registry.RefreshAsync(subscription.Id, CancellationToken.None);
        return subscription;
    }

    private async Task ChangeAsync(Subscription changed)
    {
        Assert.True(await store.UpdateAsync(changed with { Version = changed.Version + 1 }, CancellationToken.None));
        await registry.RefreshAsync(changed.Id, CancellationToken.None);
    }

    /// <summary>A store that counts how often all are read, and can keep what it has read back for a while.</summary>
    private sealed class HeldStore : ISubscriptionStore
    {
        private readonly InMemorySubscriptionStore rows = new();
        private Held? next;

        public int Lists { get; private set; }

        public bool Broken { get; set; }

        /// <summary>The next read reads at once, and answers when it is released.</summary>
        public Held Hold() => next = new Held();

        public Task AddAsync(Subscription subscription, CancellationToken cancellationToken) => rows.AddAsync(subscription, cancellationToken);

        public async Task<Subscription?> GetAsync(string id, CancellationToken cancellationToken)
        {
            if (Broken)
                throw new IOException("The storage cannot be read.");

            var found = await rows.GetAsync(id, cancellationToken);
            await PauseAsync();
            return found;
        }

        public Task<Page<Subscription>> ListAsync(IReadOnlySet<string>? visibleProjects, string? project, PageRequest page, CancellationToken cancellationToken) =>
            rows.ListAsync(visibleProjects, project, page, cancellationToken);

        public async Task<IReadOnlyList<Subscription>> ListEnabledAsync(CancellationToken cancellationToken)
        {
            Lists++;
            var found = await rows.ListEnabledAsync(cancellationToken);
            await PauseAsync();
            return found;
        }

        public Task<bool> UpdateAsync(Subscription subscription, CancellationToken cancellationToken) => rows.UpdateAsync(subscription, cancellationToken);

        public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) => rows.DeleteAsync(id, cancellationToken);

        private Task PauseAsync()
        {
            if (Interlocked.Exchange(ref next, null) is not { } held)
                return Task.CompletedTask;

            return held.WaitAsync();
        }
    }

    private sealed class Held
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => reached.Task;

        public void Release() => released.SetResult();

        public Task WaitAsync()
        {
            reached.SetResult();
            return released.Task;
        }
    }
}
