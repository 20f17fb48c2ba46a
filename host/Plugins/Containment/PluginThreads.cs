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

    public Task<T> RunAsync<T>(Func<Task<T>> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    public Task RunAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    public Task RunAsync(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    /// <summary>
    /// Takes an interrupt that the plugin left on the current thread: it strikes at the next wait, and the next to wait here may be the host, at a lock. 0.4 µs.
    /// </summary>
    public static void TakeInterrupt()
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

    /// <summary>Lets the threads end when they come back. What the plugin still does afterwards is done by the pool.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.PulseAll(gate);
        }
    }

    protected override void QueueTask(Task task)
    {
        var (start, toPool) = (false, false);
        lock (gate)
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

        if (start)
            Start();
        else if (toPool)
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Scheduler.ExecuteOnPool(work.Task), (Scheduler: this, Task: task), preferLocal: false);
    }

    private void ExecuteOnPool(Task task)
    {
        TryExecuteTask(task);
        TakeInterrupt();
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        current == this && !taskWasPreviouslyQueued && TryExecuteTask(task);

    // For debuggers.
    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (gate)
            return [.. queue];
    }

    // Unsafe: nothing of the caller's flow belongs to the thread, only to the task.
    private void Start() => new Thread(Loop) { IsBackground = true, Name = $"plugin {plugin}" }.UnsafeStart();

    private void Loop()
    {
        current = this;
        while (true)
        {
            try
            {
                if (!TryTake(out var task))
                    return;

                Execute(task);
            }
            catch (ThreadInterruptedException)
            {
                // The plugin interrupted its own thread, which takes that at its next wait. It may go on.
            }
        }
    }

    // A frame of its own, so that a thread that waits holds nothing of what it ran last.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private void Execute(Task task) => TryExecuteTask(task);

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Task? task)
    {
        lock (gate)
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
    }

    /// <returns>Whether there may be something to do.</returns>
    private bool WaitForWork()
    {
        idle++;
        try
        {
            return Monitor.Wait(gate, IdleTime) || queue.Count > 0;
        }
        finally
        {
            idle--;
        }
    }
}
