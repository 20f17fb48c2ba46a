namespace IntegrationHub.Host.Plugins;

/// <summary>How many calls into one plugin run at the same time. The others wait, and not for ever. Thread-safe.</summary>
internal sealed class Bulkhead(int places, TimeSpan queueTime, TimeProvider time)
{
    private readonly SemaphoreSlim free = new(places, places);

    /// <summary>Waits for a place.</summary>
    /// <exception cref="PluginRefusedException">None became free in time.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        if (free.Wait(TimeSpan.Zero, CancellationToken.None))
            return;

        using var patience = new CancellationTokenSource(queueTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await free.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PluginRefusedException($"{places} calls to the plugin are running, and none of them ended within {queueTime.TotalSeconds:0.#} s.");
        }
    }

    public void Leave() => free.Release();
}
