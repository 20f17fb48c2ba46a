namespace IntegrationHub.Host.Plugins;

/// <summary>
/// The one way into a generation of a plugin with code: on the plugin's own threads, with a limit on how many calls run and on how long one may go on after it was cancelled.
/// Every fault is recorded before it is thrown. Thread-safe.
/// </summary>
internal sealed class PluginCalls(FaultLedger ledger, PluginThreads threads, PluginLimits limits, TimeProvider time)
{
    /// <summary>Calls the plugin.</summary>
    /// <param name="place">What is called, for messages.</param>
    /// <param name="body">The call. Begins on a thread of the plugin's.</param>
    /// <param name="cancellationToken">Cancels the call's own token. The plugin never sees this one: what it registers there would run on the host's threads.</param>
    /// <param name="bulkhead">Where it takes a place; none when it belongs to a call that has one.</param>
    /// <param name="discard">What becomes of a value for which nobody waits any more.</param>
    /// <param name="classify">Turns a fault into another; none is left as it is.</param>
    /// <param name="whenClosed">Whether it is made even if nothing may enter the plugin any more: only to clean up.</param>
    /// <exception cref="PluginFaultException">The plugin failed; recorded.</exception>
    /// <exception cref="PluginRefusedException">The call was not made.</exception>
    /// <exception cref="PluginHungException">It was cancelled, the plugin did not stop, and was given up; recorded.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and the plugin stopped.</exception>
    public async Task<T> RunAsync<T>(
        string place,
        Func<CancellationToken, Task<T>> body,
        CancellationToken cancellationToken,
        Bulkhead? bulkhead = null,
        Action<T>? discard = null,
        Func<PluginFault, PluginFault>? classify = null,
        bool whenClosed = false)
    {
        if (bulkhead is not null)
            await bulkhead.EnterAsync(cancellationToken);

        // After the wait: meanwhile it may have been closed.
        if (ledger.IsClosed && !whenClosed)
        {
            bulkhead?.Leave();
            throw new PluginRefusedException("The plugin misbehaved and is being quarantined; GET /api/plugins says why.");
        }

        var call = new PluginCall<T>(place, body, (late, value) =>
        {
            bulkhead?.Leave();
            if (!late)
            {
                ledger.Leave();
                return;
            }

            ledger.Returned();
            if (value is not null)
                discard?.Invoke(value);
        });
        ledger.Enter();
        threads.Start(call);
        var outcome = await WaitAsync(place, call, cancellationToken);
        if (outcome.Fault is not { } fault)
            return outcome.Value!;

        // A plugin that stops may do so with any exception: sockets that were cut off under it, for one.
        cancellationToken.ThrowIfCancellationRequested();
        fault = classify?.Invoke(fault) ?? fault;
        ledger.Record(fault);
        throw new PluginFaultException(fault);
    }

    private async Task<PluginOutcome<T>> WaitAsync<T>(string place, PluginCall<T> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call.Done.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!call.Done.IsCompleted)
        {
            _ = CancelAsync(call);
        }
        catch (OperationCanceledException)
        {
            return await call.Done;
        }

        try
        {
            return await call.Done.WaitAsync(limits.AbandonAfter, time, CancellationToken.None);
        }
        catch (TimeoutException) when (call.TryAbandon())
        {
            var seconds = limits.AbandonAfter.TotalSeconds.ToString("0.#", System.Globalization.CultureInfo.InvariantCulture);
            var fault = new PluginFault(FaultKind.Hung, place, $"went on for {seconds} s after it was cancelled and was given up");
            ledger.Leave();
            ledger.Record(fault);
            throw new PluginHungException(cancellationToken);
        }
        catch (TimeoutException)
        {
            return await call.Done;
        }
    }

    // Nobody waits for it: what the plugin registered on the token may hang as well.
    private async Task CancelAsync<T>(PluginCall<T> call)
    {
        if (await threads.RunAsync(() => Task.FromResult(call.Cancel())) is { } fault)
            ledger.Record(fault);
    }
}
