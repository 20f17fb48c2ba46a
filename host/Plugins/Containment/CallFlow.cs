using System.Diagnostics;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// What goes along with a call into a plugin. The caller's own flow (<see cref="ExecutionContext"/>: the scopes of its log, and whatever else is bound to its request) does not:
/// a timer or a connection that the plugin makes during the call would hold on to it for as long as it lives. The plugin's flow gets this object, which leads to the caller's
/// flow until the call ends, and the trace's <see cref="Activity"/>. Thread-safe.
/// </summary>
internal sealed class CallFlow
{
    private static readonly AsyncLocal<CallFlow?> Current = new();

    private Activity? activity = Activity.Current;
    private ExecutionContext? caller = ExecutionContext.Capture();

    /// <summary>The flow of whoever made the call in which this code runs; <see langword="null"/> outside calls, and after their end.</summary>
    public static ExecutionContext? Caller => Current.Value is { } flow ? Volatile.Read(ref flow.caller) : null;

    /// <summary>From here on the plugin's flow has it. Call it in an async method, whose end takes it back.</summary>
    public void Enter()
    {
        Current.Value = this;
        if (activity is not null)
            Activity.Current = activity;

        activity = null;
    }

    /// <summary>The call has ended, or nobody waits for it any more.</summary>
    public void End() => Volatile.Write(ref caller, null);
}
