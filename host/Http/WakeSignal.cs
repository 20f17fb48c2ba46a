using System.Threading.Channels;

namespace IntegrationHub.Host.Http;

/// <summary>Wakes a worker when there is something to look at. Many wakes before a look count as one. Thread-safe; one waiter.</summary>
internal class WakeSignal
{
    private readonly Channel<bool> pending = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Wake() => pending.Writer.TryWrite(true);

    /// <summary>Completes at the next wake (at once when one is pending), or after the time given.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var woken = pending.Reader.WaitToReadAsync(either.Token).AsTask();
        var elapsed = Task.Delay(atMost, time, either.Token);
        await Task.WhenAny(woken, elapsed);

        // Whichever lost must not linger: an abandoned waiter would take the next wake.
        await either.CancelAsync();
        await Task.WhenAll(woken, elapsed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        pending.Reader.TryRead(out _);
    }
}
