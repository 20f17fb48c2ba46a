using IntegrationHub.Adapters;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Loading;

/// <summary>Creates and initialises a plugin's adapter, on a thread of its own and within a deadline: a plugin that hangs holds up nobody else.</summary>
internal sealed partial class AdapterStarter(TimeSpan timeout, TimeProvider time, ILogger<AdapterStarter> logger)
{
    /// <exception cref="PluginLoadException">It took too long.</exception>
    /// <exception cref="Exception">Whatever the plugin threw.</exception>
    public async Task<IProviderAdapter> StartAsync(Func<IProviderAdapter> create, ProviderContext context, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var attempt = new Attempt(create, context, stop.Token);

        // Its own thread, not the pool's: code that blocks for ever would take a pool thread with it.
        var running = Task.Factory.StartNew(attempt.RunAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        try
        {
            return await running.WaitAsync(stop.Token);
        }
        catch (Exception fault)
        {
            if (!running.IsCompleted)
                _ = running.ContinueWith(ended => CleanUpAsync(attempt, ended, context.Manifest.Id), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            else
                await CleanUpAsync(attempt, running, context.Manifest.Id);

            cancellationToken.ThrowIfCancellationRequested();
            if (fault is OperationCanceledException && deadline.IsCancellationRequested)
            {
                throw new PluginLoadException(
                    "/entry/type",
                    $"The plugin did not start within {timeout.TotalSeconds:0.#} s: its {attempt.Stage} did not return.",
                    "It may wait for a network or a lock. Initialisation must not need the provider; the limit is Hub:Plugins:StartTimeout. Its thread cannot be stopped and ends with the host.");
            }

            throw;
        }
    }

    // Also runs long after the deadline, if a plugin that hung comes to itself: nobody will use what it made.
    private async Task CleanUpAsync(Attempt attempt, Task ended, string plugin)
    {
        try
        {
            if (ended.Exception is { } late)
                Log.StartFailed(logger, late, plugin);

            if (attempt.Adapter is { } adapter)
                await adapter.DisposeAsync();
        }
        catch (Exception fault)
        {
            Log.DisposeFailed(logger, fault, plugin);
        }
    }

    private sealed class Attempt(Func<IProviderAdapter> create, ProviderContext context, CancellationToken cancellationToken)
    {
        public IProviderAdapter? Adapter { get; private set; }

        public string Stage { get; private set; } = "constructor";

        public async Task<IProviderAdapter> RunAsync()
        {
            Adapter = create();
            Stage = "InitializeAsync";
            await Adapter.InitializeAsync(context, cancellationToken);
            return Adapter;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1101, LogLevel.Warning, "Plugin {Plugin} failed to start")]
        public static partial void StartFailed(ILogger logger, Exception fault, string plugin);

        [LoggerMessage(1102, LogLevel.Warning, "Plugin {Plugin} failed to start, and then failed to dispose itself")]
        public static partial void DisposeFailed(ILogger logger, Exception fault, string plugin);
    }
}
