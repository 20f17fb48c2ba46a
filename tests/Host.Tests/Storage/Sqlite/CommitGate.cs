namespace IntegrationHub.Host.Tests.Storage.Sqlite;

/// <summary>Holds the writer at its next commit until it is opened, so that a test decides what gathers behind it.</summary>
internal sealed class CommitGate
{
    private readonly object sync = new();
    private bool open = true;
    private TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the writer waits.</summary>
    public Task Reached => reached.Task;

    /// <summary>Thrown at each commit, when set.</summary>
    public Exception? Fault { get; set; }

    public void Close()
    {
        lock (sync)
        {
            reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            open = false;
        }
    }

    public void Open()
    {
        lock (sync)
        {
            open = true;
            Monitor.PulseAll(sync);
        }
    }

    /// <summary>What the writer calls.</summary>
    public void Pass()
    {
        lock (sync)
        {
            while (!open)
            {
                reached.TrySetResult();
                Monitor.Wait(sync);
            }
        }

        if (Fault is { } fault)
            throw fault;
    }
}
