using IntegrationHub.Manifests;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>Disposing and unloading.</summary>
internal static class LifecycleChecks
{
    /// <summary>Collections until an unloaded context must be gone: each may need the one before.</summary>
    private const int Collections = 40;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static void Blocking(SuiteContext suite) => suite.Log.Run("lifecycle.execute", "no call blocks for ever", log =>
    {
        log.AddCases(suite.Blocked.Calls);
        if (suite.Blocked.Calls == 0)
            log.NotApplicable("no operation was called");

        foreach (var operation in suite.Blocked.Operations)
            log.Error(
                suite.Operations.FirstOrDefault(known => known.Name == operation)?.Pointer ?? "",
                $"'{operation}' did not return within {suite.Options.CallTimeout.TotalSeconds:0.#} s.",
                "Wait for nothing without the token, and never synchronously (.Result, .Wait(), lock).");
    });

    /// <summary>The end of the instance that the other checks called: while a call is running, and twice.</summary>
    public static async Task DisposeAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        await suite.Log.RunAsync("lifecycle.dispose", "the plugin is disposed promptly, also during a call, also twice", log => EndAsync(suite, log), cancellationToken).ConfigureAwait(false);
    }

    private static async Task EndAsync(SuiteContext suite, CheckLog log)
    {
        using var cancel = new CancellationTokenSource();
        var operation = suite.Operations.FirstOrDefault(operation => operation.Minimal is not null);
        var running = operation is null || suite.Caller.GaveUp
            ? Task.FromResult<CallOutcome?>(null)
            : AsNullable(suite.Caller.CallUnwatchedAsync(new CallSpec(operation.Name, operation.Usual, Answers.Never) { Cancellation = cancel.Token }));

        foreach (var time in (string[])["during a call", "a second time"])
        {
            log.Case();
            try
            {
                var adapter = suite.Plugin.Adapter;
                await Task.Factory.StartNew(() => adapter.DisposeAsync().AsTask(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
                    .WaitAsync(suite.Options.CallTimeout).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                suite.Blocked.Add("DisposeAsync");
                log.Error("/entry/type", $"DisposeAsync does not return, called {time}.", "Stop what runs; wait for nothing that may never come.");
                break;
            }
            catch (Exception fault)
            {
                log.Error("/entry/type", $"DisposeAsync, called {time}, threw {fault.GetType().Name}: {fault.Message}", "Disposing twice does nothing the second time.");
            }
        }

        await cancel.CancelAsync().ConfigureAwait(false);
        if (await running.ConfigureAwait(false) is { Blocked: true })
        {
            suite.Blocked.Add(operation!.Name);
            log.Error(operation.Pointer, "A call that was running while the plugin was disposed does not end.", "Let it end: the hub waits for it.");
        }
    }

    private static async Task<CallOutcome?> AsNullable(Task<CallOutcome> call) => await call.ConfigureAwait(false);

    /// <summary>Whether the code of a released plugin leaves memory.</summary>
    public static async Task UnloadAsync(SuiteLog suiteLog, ProviderManifest manifest, WeakReference? fresh, WeakReference? used, string? reason, CancellationToken cancellationToken)
    {
        const string Title = "the code leaves memory when it is unloaded";
        if (manifest.Entry is null || reason is not null)
        {
            suiteLog.Skip("plugin.unload", Title, reason ?? "there is no code");
            return;
        }

        await suiteLog.RunAsync("plugin.unload", Title, async log =>
        {
            var timers = Timer.ActiveCount;
            if (fresh is not null)
                log.Case();

            var freshGone = fresh is null || await IsGoneAsync(fresh, cancellationToken).ConfigureAwait(false);
            if (used is not null)
                log.Case();

            var usedGone = used is null || await IsGoneAsync(used, cancellationToken).ConfigureAwait(false);
            if (freshGone && usedGone)
                return;

            var when = freshGone ? "after its operations were called" : "although nothing was called";
            log.Error(
                "/entry/assembly",
                $"The plugin's code stays in memory after it was disposed and unloaded, {when} ({timers} timers are active in the process).",
                "Something outside still refers to it. Likely: a timer or thread that was not stopped, a handler on a static event (AppDomain, AppContext), JsonSerializer with default options on "
                + "the plugin's own types (use source generation), TypeDescriptor, a static cache of a shared library.");
        }, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<bool> IsGoneAsync(WeakReference context, CancellationToken cancellationToken)
    {
        for (var i = 0; context.IsAlive && i < Collections; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
            GC.WaitForPendingFinalizers();
            if (context.IsAlive)
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }

        return !context.IsAlive;
    }
}
