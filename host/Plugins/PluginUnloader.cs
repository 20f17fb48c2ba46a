using System.Collections.Concurrent;
using IntegrationHub.Loading;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Sees former generations off: lets their calls finish, cancels those that do not, disposes, unloads, and watches whether they really leave memory. Thread-safe; each goes its
/// way alone, so that one that hangs holds up no other.
/// </summary>
internal sealed partial class PluginUnloader(PluginRegistry registry, IOptions<PluginOptions> options, TimeProvider time, ILogger<PluginUnloader> logger) : IAsyncDisposable
{
    private readonly UnloadObserver observer = new(options.Value.UnloadCheck, time);
    private readonly ConcurrentDictionary<Task, byte> running = new();
    private readonly CancellationTokenSource ending = new();
    private readonly CancellationTokenSource late = new();

    /// <summary>Takes over a generation that has been taken out of the catalog.</summary>
    /// <param name="instance">The generation. Nobody else may hold on to it.</param>
    /// <param name="drained">Completes when no call uses it any more.</param>
    public void Retire(PluginInstance instance, Task drained)
    {
        var retired = new RetiredGeneration(instance.Id, instance.Generation, instance.Version, instance.Snapshot.Sha256, time.GetUtcNow(), RetiredState.Draining, []);
        registry.Retire(retired);
        instance.Ledger?.Retire();
        var task = RunAsync(retired, instance.Snapshot, instance.Libraries, StopAsync(retired, instance, drained), drained);
        running.TryAdd(task, 0);
        _ = task.ContinueWith(ended => running.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>At the end of the hub all that is left has <see cref="PluginOptions.StopTimeout"/> together, and nothing is watched any more.</summary>
    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(options.Value.StopTimeout, time);
        await using var give = deadline.Token.Register(late.Cancel);
        await ending.CancelAsync();
        await Task.WhenAll(running.Keys);
    }

    private async Task RunAsync(RetiredGeneration retired, PluginSnapshot snapshot, LoadedLibraries? libraries, Task<Stopped> stopping, Task drained)
    {
        try
        {
            var stopped = await stopping;
            retired = retired with { State = RetiredState.Unloading, LikelyCauses = stopped.Causes };
            registry.Retire(retired);
            if (stopped.Context is { } context && !ending.IsCancellationRequested)
            {
                await WatchAsync(retired, snapshot, context, drained);
                libraries?.Close();
            }

            snapshot.TryDelete();
            registry.SetUnloaded(retired);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The process ends, and takes everything along. On Windows the copy cannot be removed yet: the next start does.
            snapshot.TryDelete();
        }
        catch (Exception fault)
        {
            Log.Failed(logger, fault, retired.Plugin, retired.Version);
        }
    }

    private sealed record Stopped(WeakReference? Context, IReadOnlyList<string> Causes);

    // Apart from the rest, so that its locals, which hold the plugin, are gone when the watching begins.
    private async Task<Stopped> StopAsync(RetiredGeneration retired, PluginInstance instance, Task drained)
    {
        List<string> causes = [];
        if (!await EndsInTimeAsync(drained, options.Value.DrainTimeout))
        {
            Log.Cancelling(logger, retired.Plugin, retired.Version, options.Value.DrainTimeout.TotalSeconds);
            instance.CancelCalls();
            if (!await EndsInTimeAsync(drained, options.Value.CancelTimeout))
                causes.Add("Calls into it are still running: they ignore their cancellation token, or stream content to a slow reader.");
        }

        var disposing = instance.DisposeAdapterAsync();
        if (!await EndsInTimeAsync(disposing, options.Value.DisposeTimeout))
        {
            causes.Add($"Its DisposeAsync did not return within {options.Value.DisposeTimeout.TotalSeconds:0.#} s, so a thread still runs its code.");
            _ = disposing.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
        else if (disposing.Exception?.InnerException is { } fault)
        {
            // Type and message as text: the exception's class may be the plugin's own.
            causes.Add(fault is PluginFaultException contained
                ? $"Its {contained.Fault.Place} {contained.Fault.What}: what it had not disposed by then may hold it."
                : $"Its DisposeAsync threw {fault.GetType().FullName}: what it had not disposed by then may hold it.");
            Log.DisposeFailed(logger, retired.Plugin, retired.Version, fault.GetType().FullName!, fault.Message);
        }

        return new Stopped(instance.Unload(), causes);
    }

    private async Task WatchAsync(RetiredGeneration retired, PluginSnapshot snapshot, WeakReference context, Task drained)
    {
        // Calls that still run hold it for sure: collecting would be in vain.
        if (!drained.IsCompleted)
        {
            Report(retired with { State = RetiredState.Pinned });
            await drained.WaitAsync(ending.Token);
        }

        if (await observer.HasGoneAsync(context, ending.Token))
        {
            Log.Unloaded(logger, retired.Plugin, retired.Version, retired.Generation);
            return;
        }

        retired = retired with { State = RetiredState.Pinned, LikelyCauses = [.. retired.LikelyCauses, .. UnloadSuspects.Find(snapshot.Folder)] };
        Report(retired);
        await observer.HasGoneAtLastAsync(context, ending.Token);
        Log.UnloadedAtLast(logger, retired.Plugin, retired.Version, retired.Generation);
    }

    private void Report(RetiredGeneration retired)
    {
        registry.Retire(retired);
        Log.Pinned(logger, retired.Plugin, retired.Version, retired.Generation, string.Join(' ', retired.LikelyCauses));
    }

    /// <returns>Whether it ended, well or badly, in time.</returns>
    private async Task<bool> EndsInTimeAsync(Task task, TimeSpan limit)
    {
        await task.WaitAsync(limit, time, late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    private static partial class Log
    {
        [LoggerMessage(1031, LogLevel.Warning, "Plugin {Plugin} {Version} was replaced or stopped, and calls into it have not ended within {Seconds} s: they are cancelled")]
        public static partial void Cancelling(ILogger logger, string plugin, string version, double seconds);

        [LoggerMessage(1032, LogLevel.Warning, "Plugin {Plugin} {Version} failed to dispose itself: {Type}: {Problem}")]
        public static partial void DisposeFailed(ILogger logger, string plugin, string version, string type, string problem);

        [LoggerMessage(1033, LogLevel.Debug, "Plugin {Plugin} {Version}, generation {Generation}, has left memory")]
        public static partial void Unloaded(ILogger logger, string plugin, string version, int generation);

        [LoggerMessage(1034, LogLevel.Warning, "Plugin {Plugin} {Version}, generation {Generation}, serves no more but stays in memory. {Causes}")]
        public static partial void Pinned(ILogger logger, string plugin, string version, int generation, string causes);

        [LoggerMessage(1035, LogLevel.Information, "Plugin {Plugin} {Version}, generation {Generation}, has left memory at last")]
        public static partial void UnloadedAtLast(ILogger logger, string plugin, string version, int generation);

        [LoggerMessage(1036, LogLevel.Error, "Plugin {Plugin} {Version} could not be seen off")]
        public static partial void Failed(ILogger logger, Exception fault, string plugin, string version);
    }
}
