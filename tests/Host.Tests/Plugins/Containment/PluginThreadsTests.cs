using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

public sealed class PluginThreadsTests
{
    [Fact]
    public async Task Run_MoreThanThereAreThreads_OverflowsToThePoolAndCannotLockUp()
    {
        using var threads = new PluginThreads("acme", 2);
        using var release = new SemaphoreSlim(0);
        using var blocked = new CountdownEvent(2);
        var blocking = Enumerable.Range(0, 2).Select(_ => threads.RunAsync(() =>
        {
            blocked.Signal();
            release.Wait();
        })).ToArray();
        blocked.Wait();

        // All threads wait for something that only other work can bring.
        await threads.RunAsync(() => { release.Release(2); });
        await Task.WhenAll(blocking);
        Assert.Equal(2, threads.Count);
    }

    [Fact]
    public async Task Run_OneAfterTheOther_ReusesAThread()
    {
        using var threads = new PluginThreads("acme", 10);
        var used = new HashSet<int>();
        for (var i = 0; i < 50; i++)
            used.Add(await threads.RunAsync(() => Task.FromResult(Environment.CurrentManagedThreadId)));

        // A thread that is not back from the last piece of work yet is no reason to wait for it.
        Assert.InRange(used.Count, 1, 10);
    }

    [Fact]
    public async Task Run_ThreadInterruptsItself_GoesOn()
    {
        using var threads = new PluginThreads("acme", 1);

        // As a lambda: a method group would take the test's own thread, and interrupt whoever waits on that next.
        await threads.RunAsync(() => Thread.CurrentThread.Interrupt());

        Assert.Equal(42, await threads.RunAsync(() => Task.FromResult(42)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)] // all work goes to the pool
    public async Task Run_CallInterruptsItsThread_HostsWaitAfterwardsIsNotStruck(int most)
    {
        using var threads = new PluginThreads("acme", most);
        using var never = new ManualResetEvent(false);
        var call = new PluginCall<int>(
            "x",
            _ =>
            {
                Thread.CurrentThread.Interrupt();
                return Task.FromResult(42);
            },
            (_, _) => never.WaitOne(0));
        await threads.RunAsync(call.RunAsync);

        Assert.Equal(new PluginOutcome<int>(42, null), await call.Done);
    }

    [Fact]
    public async Task Dispose_WorkAfterwards_IsStillDone()
    {
        var threads = new PluginThreads("acme", 2);
        await threads.RunAsync(() => { });
        threads.Dispose();

        Assert.Equal(42, await threads.RunAsync(() => Task.FromResult(42)));
    }
}
