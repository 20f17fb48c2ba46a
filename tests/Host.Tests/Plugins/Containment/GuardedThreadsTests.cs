using System.Diagnostics;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>Calls that hang, block, interrupt and wait, and whose threads they take.</summary>
public sealed class GuardedThreadsTests : GuardedPlugin
{
    [Fact]
    public async Task Execute_IgnoresItsToken_IsGivenUpAndCountedUntilItReturns()
    {
        using var release = new SemaphoreSlim(0);
        plugin.Execute = (_, _) =>
        {
            release.Wait(CancellationToken.None);
            return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("1")));
        };
        using var caller = new CancellationTokenSource();
        var running = ExecuteAsync(caller.Token);
        await plugin.Entered.WaitAsync();
        await caller.CancelAsync();
        await time.WhenTimerIsDueInAsync(limits.AbandonAfter);
        time.Advance(limits.AbandonAfter);
        await Assert.ThrowsAsync<PluginHungException>(() => running);
        Assert.Equal(1, ledger.Stuck);

        // It holds its place until it is back: with two places, one is left.
        plugin.Execute = (_, _) => ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("2")));
        Assert.True((await ExecuteAsync()).Succeeded);
        release.Release();
        await guard.DisposeAsync();
    }

    [Fact]
    public async Task Execute_AllPlacesTaken_WaitsAndIsThenRefusedWithoutReachingThePlugin()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        plugin.Execute = async (_, _) =>
        {
            await release.Task;
            return OperationResult.Success(JsonElement.Parse("1"));
        };
        var first = ExecuteAsync();
        var second = ExecuteAsync();
        var third = ExecuteAsync();
        await time.WhenTimerIsDueInAsync(limits.QueueTime);
        time.Advance(limits.QueueTime);
        var refused = (await third).Error!;
        Assert.Equal(ErrorCategory.Unavailable, refused.Category);
        Assert.False(refused.OutcomeUnknown);

        release.SetResult();
        Assert.True((await first).Succeeded && (await second).Succeeded);
        Assert.Equal(2, plugin.Calls);
        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Execute_CancellationCallbackThrows_DoesNotReachTheCaller()
    {
        var registered = new SemaphoreSlim(0);
        plugin.Execute = async (_, token) =>
        {
            token.Register(() => throw new InvalidOperationException("on the host's thread, if it were the host's token"));
            registered.Release();
            await Task.Delay(Timeout.Infinite, token);
            return null!;
        };
        using var caller = new CancellationTokenSource();
        var running = ExecuteAsync(caller.Token);
        await registered.WaitAsync();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Execute_RunsOnThePluginsThreads_AlsoAfterWaiting()
    {
        List<string?> names = [];
        plugin.Execute = async (_, _) =>
        {
            names.Add(Thread.CurrentThread.Name);
            await Task.Yield();
            names.Add(Thread.CurrentThread.Name);
            return OperationResult.Success(JsonElement.Parse("1"));
        };
        await ExecuteAsync();

        Assert.Equal(["plugin acme", "plugin acme"], names);
        Assert.NotEqual("plugin acme", Thread.CurrentThread.Name);
    }

    [Fact]
    public async Task Execute_CallersFlow_StaysOutOfThePluginAndItsTimers()
    {
        var callers = new AsyncLocal<string?> { Value = "bound to a request" };
        var (ticked, seen) = (new TaskCompletionSource<string?>(), "");
        Timer? timer = null;
        plugin.Execute = async (_, _) =>
        {
            seen = callers.Value;
            timer = new Timer(_ => ticked.TrySetResult(callers.Value), null, 0, Timeout.Infinite);
            await Task.Yield();
            return OperationResult.Success(JsonElement.Parse("1"));
        };
        await ExecuteAsync();

        Assert.Null(seen);
        Assert.Null(await ticked.Task);
        Assert.Equal("bound to a request", callers.Value);
        await timer!.DisposeAsync();
    }

    [Fact]
    public async Task Execute_UnderATrace_BelongsToIt()
    {
        using var trace = new Activity("request").Start();
        ActivityTraceId? seen = null;
        plugin.Execute = (_, _) =>
        {
            seen = Activity.Current?.TraceId;
            return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("1")));
        };
        await ExecuteAsync();

        Assert.Equal(trace.TraceId, seen);
        Assert.Same(trace, Activity.Current);
    }

    [Fact]
    public async Task Execute_InterruptsItsThreadAllTheTime_EveryCallEndsAndNothingOfTheHubNoticesIt()
    {
        plugin.Execute = async (_, _) =>
        {
            if (Thread.CurrentThread.Name == "plugin acme")
                Thread.CurrentThread.Interrupt();

            await Task.Yield();
            if (Thread.CurrentThread.Name == "plugin acme")
                Thread.CurrentThread.Interrupt();

            return OperationResult.Success(JsonElement.Parse("1"));
        };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 250; i++)
                Assert.True((await ExecuteAsync()).Succeeded);
        }));

        Assert.Equal(1000, plugin.Calls);
        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Execute_EveryCallHangs_TakesNoMoreThreadsThanThereArePlaces()
    {
        using var release = new ManualResetEventSlim();
        plugin.Execute = (_, _) =>
        {
            release.Wait(CancellationToken.None);
            return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("1")));
        };
        using var callers = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 50).Select(_ => ExecuteAsync(callers.Token)).ToList();

        // Two have the places that there are; all others wait without a thread.
        await plugin.Entered.WaitAsync();
        await plugin.Entered.WaitAsync();
        Assert.Equal(2, threads.Count);
        await callers.CancelAsync();
        foreach (var waiting in calls.Skip(2))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        Assert.Equal(2, plugin.Calls);
        Assert.True(threads.Count <= 4, "Two that hang, and two in which they were told to stop.");
        release.Set();
        await Task.WhenAll(calls.Take(2));
    }
}
