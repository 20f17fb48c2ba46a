namespace IntegrationHub.Host.Plugins;

/// <summary>
/// The threads on which one plugin's code runs. A plugin that blocks, blocks its own threads and not those of the pool, on which all others depend. What follows an <c>await</c>
/// comes back here too, unless the plugin says <c>ConfigureAwait(false)</c>. Threads are made when they are needed and end when there is nothing to do; work beyond their
/// number goes to the pool, so that code that waits for itself cannot lock up.
/// </summary>
internal sealed class PluginThreads(string plugin, int most) : TaskScheduler, IDisposable
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);

    [ThreadStatic]
    private static PluginThreads? current;

    private readonly object gate = new();
    private readonly Queue<Task> queue = new();
    private int idle;
    private int threads;
    private bool stopped;

    public override int MaximumConcurrencyLevel => most;

    /// <summary>Threads there are now.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return threads;
        }
    }

    /// <summary>Runs work on the plugin's threads, without the flow of whoever calls this (see <see cref="CallFlow"/>).</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        using var apart = WithoutFlow();
        return Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();
    }

    /// <summary>The same for a call, whose end is told elsewhere.</summary>
    public void Start<T>(PluginCall<T> call)
    {
        using var apart = WithoutFlow();
        new Task(static call => _ = ((PluginCall<T>)call!).RunAsync(), call, TaskCreationOptions.DenyChildAttach).Start(this);
    }

    /// <summary>Lets the threads end when they come back. What the plugin still does afterwards is done by the pool.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.PulseAll(gate);
        }
    }

    // Also called by the plugin's own threads, for what follows an await.
    protected override void QueueTask(Task task)
    {
        var (start, toPool) = (false, false);
        Enter();
        try
        {
            if (!stopped && idle > queue.Count)
            {
                queue.Enqueue(task);
                Monitor.Pulse(gate);
            }
            else if (!stopped && threads < most)
            {
                queue.Enqueue(task);
                threads++;
                start = true;
            }
            else
            {
                toPool = true;
            }
        }
        finally
        {
            Monitor.Exit(gate);
        }

        if (start)
            StartThread();
        else if (toPool)
            Uninterrupted.Run((Scheduler: this, Task: task), static work => ThreadPool.UnsafeQueueUserWorkItem(static work => work.Scheduler.ExecuteOnPool(work.Task), work, preferLocal: false));
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        current == this && !taskWasPreviouslyQueued && TryExecuteTask(task);

    // For debuggers.
    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (gate)
            return [.. queue];
    }

    private void ExecuteOnPool(Task task)
    {
        TryExecuteTask(task);
        TakeInterrupt();
    }

    // An interrupt that the plugin left on the thread would strike at the next wait there, which may be anybody's. 0.4 µs.
    private static void TakeInterrupt()
    {
        try
        {
            // Any wait does, also one that cannot succeed and is over at once.
            Thread.CurrentThread.Join(0);
        }
        catch (ThreadInterruptedException)
        {
            // Taken.
        }
    }

    private static AsyncFlowControl? WithoutFlow() => ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();

    // Unsafe: nothing of the caller's flow belongs to the thread.
    private void StartThread() => new Thread(Loop) { IsBackground = true, Name = $"plugin {plugin}" }.UnsafeStart();

    private void Loop()
    {
        current = this;
        while (TryTake(out var task))
            Execute(task);
    }

    // A frame of its own, so that a thread that waits holds nothing of what it ran last.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private void Execute(Task task)
    {
        try
        {
            TryExecuteTask(task);
        }
        catch (ThreadInterruptedException)
        {
            // The task's own exceptions stay in it. This is an interrupt that told in what TPL does after it.
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Task? task)
    {
        Enter();
        try
        {
            while (!queue.TryDequeue(out task))
            {
                if (stopped || !WaitForWork())
                {
                    threads--;
                    return false;
                }
            }

            return true;
        }
        finally
        {
            Monitor.Exit(gate);
        }
    }

    /// <returns>Whether there may be something to do.</returns>
    private bool WaitForWork()
    {
        idle++;
        try
        {
            return Monitor.Wait(gate, IdleTime) || queue.Count > 0;
        }
        catch (ThreadInterruptedException)
        {
            // The plugin interrupted the thread while it ran there, or does so now. It may go on; the lock is held again.
            return true;
        }
        finally
        {
            idle--;
        }
    }

    // The plugin may have interrupted this thread: it waits for the lock all the same (see PatientLock; this one is a monitor because threads wait for each other here).
    private void Enter()
    {
        while (true)
        {
            try
            {
                Monitor.Enter(gate);
                return;
            }
            catch (ThreadInterruptedException)
            {
                // Used up: it does not come again.
            }
        }
    }
}
