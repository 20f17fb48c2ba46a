using System.Globalization;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Counts what one generation of a plugin did wrong, and asks for its quarantine when that is too much. From then on it is closed: no call enters the plugin any more, even
/// before the quarantine is in force. Thread-safe.
/// </summary>
internal sealed partial class FaultLedger(string plugin, QuarantineOptions policy, QuarantineRequests requests, TimeProvider time, ILogger logger)
{
    /// <summary>A plugin that fails all the time must not fill the log.</summary>
    private const int LinesPerWindow = 50;

    private readonly PatientLock gate = new();
    private readonly Queue<(long At, FaultKind Kind)> recent = new();
    private int consecutive;
    private int stuck;
    private int running;
    private int lines;
    private long linesSince = time.GetTimestamp();
    private volatile bool closed;
    private volatile bool retired;

    public string Plugin => plugin;

    /// <summary>Whether the plugin must not be called any more.</summary>
    public bool IsClosed => closed;

    /// <summary>Whether another version took its place, or it was stopped: what it still does is no reason to quarantine its successor.</summary>
    public bool IsRetired => retired;

    /// <summary>Calls that hung and have not returned since.</summary>
    public int Stuck
    {
        get
        {
            using (gate.EnterScope())
                return stuck;
        }
    }

    /// <summary>Whether the plugin's code runs, as far as the hub called it and has not given up on it.</summary>
    public bool IsRunning => Volatile.Read(ref running) > 0;

    /// <summary>A call begins, or the plugin is being started.</summary>
    public void Enter() => Interlocked.Increment(ref running);

    /// <summary>That has ended, or was given up.</summary>
    public void Leave() => Interlocked.Decrement(ref running);

    public void Retire() => retired = true;

    /// <summary>An operation came back properly, with a value or a typed error, or its content was read to its end.</summary>
    public void Succeeded() => Volatile.Write(ref consecutive, 0);

    /// <summary>A call that hung has returned after all.</summary>
    public void Returned()
    {
        using (gate.EnterScope())
            stuck--;
    }

    public void Record(PluginFault fault)
    {
        bool log;
        string? reached = null;
        using (gate.EnterScope())
        {
            log = MayLog();
            if (fault.Kind == FaultKind.Hung)
                stuck++;

            if (fault.Counts && !closed && !retired)
            {
                reached = Count(fault.Kind);
                closed = reached is not null;
            }
        }

        // Strays and floods are recorded on the plugin's own threads.
        if (log)
            Uninterrupted.Run((Ledger: this, Fault: fault), static item => item.Ledger.Tell(item.Fault));

        if (reached is not null)
            Uninterrupted.Run((Ledger: this, Reason: ReasonFor(fault, reached)), static item => item.Ledger.Ask(item.Reason));
    }

    private void Tell(PluginFault fault) =>
        Log.Fault(logger, fault.Kind is FaultKind.Network or FaultKind.Unobserved ? LogLevel.Warning : LogLevel.Error, plugin, fault.Place, fault.What, fault.Stack);

    private void Ask(ValidationIssue reason) => requests.Add(this, reason);

    private ValidationIssue ReasonFor(PluginFault fault, string reached) => new(
        "/entry/type",
        $"{fault.Place} {fault.What}. {reached}",
        $"The hub's log tells each fault with its stack. Install a corrected version, or have it tried again: POST /api/plugins/{plugin}/enable.");

    /// <returns>Which limit is reached, as a sentence.</returns>
    private string? Count(FaultKind kind)
    {
        while (recent.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= policy.Window)
            recent.Dequeue();

        recent.Enqueue((time.GetTimestamp(), kind));
        var inARow = kind is FaultKind.Stray or FaultKind.LogFlood ? 0 : ++consecutive;
        var minutes = policy.Window.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture);
        if (stuck >= policy.StuckCalls)
            return $"{stuck} of its calls hang and hold their threads, which only a restart of the hub gives back.";
        if (kind == FaultKind.Hung && Of(kind) >= policy.HungCalls)
            return $"{policy.HungCalls} of its calls hung within {minutes} minutes.";
        if (kind == FaultKind.Stray && Of(kind) >= policy.StrayExceptions)
            return $"{policy.StrayExceptions} exceptions on its own threads were caught by nobody within {minutes} minutes.";
        if (kind == FaultKind.LogFlood && Of(kind) >= policy.LogFloods)
            return $"It flooded the log {policy.LogFloods} times within {minutes} minutes.";
        if (inARow >= policy.ConsecutiveFaults)
            return $"That was fault number {inARow} in a row.";

        return recent.Count >= policy.Faults ? $"That was fault number {recent.Count} within {minutes} minutes." : null;

        int Of(FaultKind wanted) => recent.Count(fault => fault.Kind == wanted);
    }

    private bool MayLog()
    {
        if (time.GetElapsedTime(linesSince) >= policy.Window)
        {
            linesSince = time.GetTimestamp();
            lines = 0;
        }

        return lines++ < LinesPerWindow;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1201, Message = "Plugin {Plugin}: {Place} {What}\n{Stack}")]
        public static partial void Fault(ILogger logger, LogLevel level, string plugin, string place, string what, string? stack);
    }
}
