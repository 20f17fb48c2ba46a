namespace IntegrationHub.Host.Plugins;

/// <summary>What a call came to: a value, or a fault.</summary>
internal readonly record struct PluginOutcome<T>(T? Value, PluginFault? Fault);

/// <summary>
/// One call into a plugin, and the fault boundary around it. What the plugin throws is put into words here, on the plugin's own thread: the exception goes no further. What the
/// hub does about the outcome it does on a thread of the pool: a plugin's thread is no place for the hub's code, least of all for code that waits.
/// </summary>
/// <param name="place">What is called, for messages.</param>
/// <param name="body">The call.</param>
/// <param name="returned">Runs once when the plugin has come back, be it late, on the pool. The value is given if nobody waits for it any more.</param>
#pragma warning disable CA1001 // The token source is never disposed: see there.
internal sealed class PluginCall<T>(string place, Func<CancellationToken, Task<T>> body, Action<bool, T?> returned) : IThreadPoolWorkItem
#pragma warning restore CA1001
{
    private const int Running = 0;
    private const int Returned = 1;
    private const int Abandoned = 2;

    // Set on the pool, so whoever waits may go on right there.
    private readonly TaskCompletionSource<PluginOutcome<T>> done = new();
    private readonly CallFlow flow = new();

    // Never disposed: it has no timer and nothing linked, and may be cancelled while the call returns.
    private readonly CancellationTokenSource cancel = new();
    private PluginOutcome<T> outcome;
    private int handedOver;
    private int state;

    public Task<PluginOutcome<T>> Done => done.Task;

    /// <summary>To be run on the plugin's threads. Never throws.</summary>
    public async Task RunAsync()
    {
        flow.Enter();
        try
        {
            outcome = new(await body(cancel.Token), null);
        }
        catch (PluginGarbageException garbage)
        {
            outcome = new(default, new PluginFault(FaultKind.Garbage, place, garbage.Message));
        }
        catch (Exception exception)
        {
            outcome = new(default, FaultText.Of(exception, FaultKind.Exception, place));
        }

        // In doubt it is handed over twice.
        Uninterrupted.Run(this, static call => ThreadPool.UnsafeQueueUserWorkItem(call, preferLocal: false));
    }

    /// <summary>Cancels the call's token. To be run on the plugin's threads: it runs what the plugin registered on the token.</summary>
    public PluginFault? Cancel()
    {
        try
        {
            cancel.Cancel();
            return null;
        }
        catch (Exception exception)
        {
            return FaultText.Of(exception, FaultKind.Exception, $"A cancellation callback of {place}");
        }
    }

    /// <returns>Whether it was given up; <see langword="false"/> when it has returned after all.</returns>
    public bool TryAbandon()
    {
        if (Interlocked.CompareExchange(ref state, Abandoned, Running) != Running)
            return false;

        flow.End();
        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (Interlocked.Exchange(ref handedOver, 1) != 0)
            return;

        flow.End();
        var late = Interlocked.CompareExchange(ref state, Returned, Running) == Abandoned;
        returned(late, late ? outcome.Value : default);
        done.SetResult(outcome);
    }
}
