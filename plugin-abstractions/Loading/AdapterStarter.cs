using IntegrationHub.Adapters;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Loading;

/// <summary>
/// Creates and initialises a plugin's adapter, on threads of its own and within a deadline: a plugin that hangs holds up nobody else. What it throws is put into words on its
/// own thread, and goes no further.
/// </summary>
internal sealed partial class AdapterStarter(TimeSpan timeout, TimeProvider time, ILogger<AdapterStarter> logger)
{
    /// <param name="create">The plugin's constructor.</param>
    /// <param name="context">What <c>InitializeAsync</c> gets.</param>
    /// <param name="threads">Where the plugin's code runs; <see langword="null"/> for a thread made for its start, and the pool after its first wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PluginLoadException">It took too long, or threw.</exception>
    public async Task<IProviderAdapter> StartAsync(Func<IProviderAdapter> create, ProviderContext context, TaskScheduler? threads, CancellationToken cancellationToken)
    {
        var attempt = new Attempt(create, context);
        var running = Run(attempt.RunAsync, threads);
        using var deadline = new CancellationTokenSource(timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await running.WaitAsync(stop.Token);
        }
        catch (OperationCanceledException) when (!running.IsCompleted)
        {
            // On the plugin's thread: it runs what the plugin registered on the token. Nobody waits for what hangs already.
            _ = Run(attempt.CancelAsync, threads);
            _ = running.ContinueWith(_ => CleanUpAsync(attempt, threads, context.Manifest.Id), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            throw new PluginLoadException(
                "/entry/type",
                $"The plugin did not start within {timeout.TotalSeconds:0.#} s: its {attempt.Stage} did not return.",
                "It may wait for a network or a lock. Initialisation must not need the provider; the limit is Hub:Plugins:StartTimeout. Its thread cannot be stopped and ends with the host.");
        }
        catch (Exception)
        {
            await CleanUpAsync(attempt, threads, context.Manifest.Id);
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    // Without a scheduler its own thread, not the pool's: code that blocks for ever would take a pool thread with it. Without the caller's flow, which the timers that a plugin
    // makes at its start would keep: one that somebody loads through the API must not log under that request's id for ever.
    private static Task<T> Run<T>(Func<Task<T>> work, TaskScheduler? threads)
    {
        using AsyncFlowControl? apart = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        return Task.Factory.StartNew(work, CancellationToken.None, threads is null ? TaskCreationOptions.LongRunning : TaskCreationOptions.DenyChildAttach, threads ?? TaskScheduler.Default).Unwrap();
    }

    // Also runs long after the deadline, if a plugin that hung comes to itself: nobody will use what it made.
    private async Task CleanUpAsync(Attempt attempt, TaskScheduler? threads, string plugin)
    {
        try
        {
            if (await Run(attempt.DisposeAsync, threads).WaitAsync(timeout, time) is { } fault)
                Log.DisposeFailed(logger, plugin, fault);
        }
        catch (TimeoutException)
        {
            Log.DisposeHangs(logger, plugin, timeout.TotalSeconds);
        }
    }

    // What runs here is the plugin's code, and what comes out is the host's: texts, and exceptions of the host's own.
#pragma warning disable CA1001 // The token source is never disposed: see there.
    private sealed class Attempt(Func<IProviderAdapter> create, ProviderContext context)
#pragma warning restore CA1001
    {
        // Never disposed: it has no timer and nothing linked, and may be cancelled while the plugin returns.
        private readonly CancellationTokenSource cancel = new();
        private IProviderAdapter? adapter;

        public string Stage { get; private set; } = "constructor";

        public async Task<IProviderAdapter> RunAsync()
        {
            try
            {
                adapter = create();
                Stage = "InitializeAsync";

                // As a task: a ValueTask may be of the plugin's own making, and continue twice.
                await adapter.InitializeAsync(context, cancel.Token).AsTask();
                return adapter;
            }
            catch (Exception fault)
            {
                throw new PluginLoadException([.. PluginFaults.Explain(fault, "while it started")]);
            }
        }

        public Task<bool> CancelAsync()
        {
            try
            {
                cancel.Cancel();
                return Task.FromResult(true);
            }
            catch (Exception)
            {
                // It did not start; that its cancellation fails as well is no news.
                return Task.FromResult(false);
            }
        }

        /// <returns>What went wrong, if something did.</returns>
        public async Task<string?> DisposeAsync()
        {
            try
            {
                if (adapter is not null)
                    await adapter.DisposeAsync().AsTask();

                return null;
            }
            catch (Exception fault)
            {
                return fault.GetType().FullName;
            }
            finally
            {
                adapter = null;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1101, LogLevel.Warning, "Plugin {Plugin} failed to start, and then failed to dispose itself: {ExceptionType}")]
        public static partial void DisposeFailed(ILogger logger, string plugin, string exceptionType);

        [LoggerMessage(1102, LogLevel.Warning, "Plugin {Plugin} failed to start, and did not dispose itself within {Seconds} s")]
        public static partial void DisposeHangs(ILogger logger, string plugin, double seconds);
    }
}
