namespace IntegrationHub.Host.Plugins;

/// <summary>What a call came to: a value, or a fault.</summary>
internal readonly record struct PluginOutcome<T>(T? Value, PluginFault? Fault);

/// <summary>
/// One call into a plugin, and the fault boundary around it. What the plugin throws is put into words here, on the plugin's own thread: the exception goes no further.
/// </summary>
/// <param name="place">What is called, for messages.</param>
/// <param name="body">The call.</param>
/// <param name="returned">Runs once when the plugin has come back, be it late. The value is given if nobody waits for it any more.</param>
#pragma warning disable CA1001 // The token source is never disposed: see there.
internal sealed class PluginCall<T>(string place, Func<CancellationToken, Task<T>> body, Action<bool, T?> returned)
#pragma warning restore CA1001
{
    private const int Running = 0;
    private const int Returned = 1;
    private const int Abandoned = 2;

    // Whoever waits goes on elsewhere: the plugin's threads are not for the host's code.
    private readonly TaskCompletionSource<PluginOutcome<T>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Never disposed: it has no timer and nothing linked, and may be cancelled while the call returns.
    private readonly CancellationTokenSource cancel = new();
    private int state;

    public Task<PluginOutcome<T>> Done => done.Task;

    /// <summary>To be run on the plugin's threads. Never throws.</summary>
    public async Task RunAsync()
    {
        PluginOutcome<T> outcome;
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

        PluginThreads.TakeInterrupt();
        var late = Interlocked.CompareExchange(ref state, Returned, Running) == Abandoned;
        returned(late, late ? outcome.Value : default);
        done.SetResult(outcome);
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
    public bool TryAbandon() => Interlocked.CompareExchange(ref state, Abandoned, Running) == Running;
}
