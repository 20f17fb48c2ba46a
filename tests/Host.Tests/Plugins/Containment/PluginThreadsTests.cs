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
            return Task.FromResult(true);
        })).ToArray();
        blocked.Wait();

        // All threads wait for something that only other work can bring.
        await threads.RunAsync(() => Task.FromResult(release.Release(2)));
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
        for (var i = 0; i < 100; i++)
            await threads.RunAsync(Interrupted);

        Assert.Equal(42, await threads.RunAsync(() => Task.FromResult(42)));

        // Not Thread.CurrentThread.Interrupt as a method group: that thread would be the one that runs the test, and the interrupt would tell in somebody else's.
        static Task<bool> Interrupted()
        {
            // Work for which no thread is free goes to the pool, whose threads are everybody's.
            if (Thread.CurrentThread.Name == "plugin acme")
                Thread.CurrentThread.Interrupt();

            return Task.FromResult(true);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)] // all work goes to the pool
    public async Task Start_CallInterruptsItsThread_HostsWaitAfterwardsIsNotStruck(int most)
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
        threads.Start(call);

        Assert.Equal(new PluginOutcome<int>(42, null), await call.Done);
    }

    [Fact]
    public async Task Run_ThreadIsInterruptedAllTheTime_EverythingIsDoneOnce()
    {
        using var threads = new PluginThreads("acme", 2);
        var seen = new Thread?[2];
        using var stop = new CancellationTokenSource();
        var nuisance = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
                foreach (var thread in seen)
                    thread?.Interrupt();
        }) { IsBackground = true };
        nuisance.Start();
        var done = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var i = 0; i < 500; i++)
                await threads.RunAsync(async () =>
                {
                    // The pool takes what is too much for two threads, and its threads are everybody's. Nothing here waits, so that no interrupt tells here.
                    if (Thread.CurrentThread.Name == "plugin acme" && !seen.Contains(Thread.CurrentThread) && Interlocked.CompareExchange(ref seen[0], Thread.CurrentThread, null) is not null)
                        Interlocked.CompareExchange(ref seen[1], Thread.CurrentThread, null);

                    await Task.Yield();
                    return Interlocked.Increment(ref done);
                });
        }));
        await stop.CancelAsync();
        nuisance.Join();

        Assert.NotNull(seen[0]);
        Assert.Equal(4000, done);
    }

    [Fact]
    public async Task Run_CallersFlow_StaysWithTheCaller()
    {
        using var threads = new PluginThreads("acme", 1);
        var callers = new AsyncLocal<string?> { Value = "the caller's" };

        Assert.Null(await threads.RunAsync(() => Task.FromResult(callers.Value)));
        Assert.Equal("the caller's", callers.Value);
    }

    [Fact]
    public async Task Dispose_WorkAfterwards_IsStillDone()
    {
        var threads = new PluginThreads("acme", 2);
        await threads.RunAsync(() => Task.FromResult(true));
        threads.Dispose();

        Assert.Equal(42, await threads.RunAsync(() => Task.FromResult(42)));
    }
}
