using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.Loader;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Exceptions that nothing catches, on a plugin's own threads, timers, async void methods, finalizers: .NET ends the process for them, unless a handler takes them
/// (<see cref="ExceptionHandling.SetUnhandledExceptionHandler"/>). This one takes those that came out of a plugin's assemblies, and no others: a fault of the hub still ends it.
/// It cannot take what is no exception: a stack overflow, <see cref="Environment.FailFast(string)"/>, a crash in native code.
/// </summary>
internal static class StrayExceptions
{
    private const int MaxDepth = 8;

    // Weak on both sides: neither keeps a plugin in memory.
    private static readonly ConditionalWeakTable<AssemblyLoadContext, Owner> Owners = [];
    private static int installed;
    private static bool ending;

    /// <summary>Once a process, as early as can be.</summary>
    public static void Install()
    {
        if (Interlocked.Exchange(ref installed, 1) != 0)
            return;

        ExceptionHandling.SetUnhandledExceptionHandler(exception => TryTake(exception, FaultKind.Stray, "A thread of its own"));
        TaskScheduler.UnobservedTaskException += (_, unobserved) =>
        {
            if (TryTake(unobserved.Exception, FaultKind.Unobserved, "A task of its own"))
                unobserved.SetObserved();
        };
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Accuse();
    }

    /// <summary>Ends the process, which is nobody's fault.</summary>
    public static void Exit(int code)
    {
        Volatile.Write(ref ending, true);
        Environment.Exit(code);
    }

    /// <summary>From now on, what comes out of the context's assemblies is the plugin's.</summary>
    /// <param name="context">Where the plugin is loaded.</param>
    /// <param name="ledger">Where its faults are recorded.</param>
    /// <param name="processEnds">Runs when the process is ended by <see cref="Environment.Exit"/> while the plugin's code runs; the value says whether no other plugin's did.</param>
    public static void Watch(AssemblyLoadContext context, FaultLedger ledger, Action<bool> processEnds) => Owners.AddOrUpdate(context, new Owner(ledger, processEnds));

    /// <returns>Whether it was a plugin's, and has been recorded.</returns>
    public static bool TryTake(Exception exception, FaultKind kind, string place)
    {
        try
        {
            if (Find(exception, 0) is not { } owner)
                return false;

            owner.Ledger.Record(FaultText.Of(exception, kind, place));
            return true;
        }
        catch (Exception)
        {
            // In doubt the process ends, as it would have without this.
            return false;
        }
    }

    // The hub ends in one place; whoever ends the process elsewhere is a plugin. Which one its stack does not tell, since .NET asks on the finalizer's thread.
    private static void Accuse()
    {
        if (Volatile.Read(ref ending))
            return;

        var running = Owners.Select(entry => entry.Value).Where(owner => owner.Ledger.IsRunning).ToList();
        foreach (var owner in running)
            owner.ProcessEnds(running.Count == 1);
    }

    private static Owner? Find(Exception exception, int depth)
    {
        if (depth == MaxDepth)
            return null;

        if (exception is AggregateException many)
        {
            foreach (var one in many.InnerExceptions)
                if (Find(one, depth + 1) is { } owner)
                    return owner;
        }

        return Of(exception.GetType().Assembly) ?? FindIn(new StackTrace(exception)) ?? (exception.InnerException is { } inner ? Find(inner, depth + 1) : null);
    }

    private static Owner? FindIn(StackTrace stack)
    {
        foreach (var frame in stack.GetFrames())
            if (frame.GetMethod()?.Module.Assembly is { } assembly && Of(assembly) is { } owner)
                return owner;

        return null;
    }

    private static Owner? Of(Assembly assembly) => AssemblyLoadContext.GetLoadContext(assembly) is { } context && Owners.TryGetValue(context, out var owner) ? owner : null;

    private sealed record Owner(FaultLedger Ledger, Action<bool> ProcessEnds);
}
