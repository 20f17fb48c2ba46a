namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Looks whether an unloaded context has left memory. The runtime releases one only when a collection finds that nothing refers to it, and a hub at rest may not collect for hours:
/// so it is asked to, a few times, in the background, with growing pauses. One collection serves all who look. Thread-safe.
/// </summary>
internal sealed class UnloadObserver(TimeSpan firstPause, TimeProvider time)
{
    public const int Looks = 7;
    private static readonly TimeSpan RestingPause = TimeSpan.FromSeconds(30);
    private long lastCollection = long.MinValue;

    /// <returns>Whether it has gone before the patience was over.</returns>
    public async Task<bool> HasGoneAsync(WeakReference context, CancellationToken cancellationToken)
    {
        for (var look = 0; look < Looks; look++)
        {
            await Task.Delay(firstPause * (1 << look), time, cancellationToken);
            if (!context.IsAlive)
                return true;

            Collect();
        }

        return !context.IsAlive;
    }

    /// <summary>Completes when it has gone; collections are no longer asked for.</summary>
    public async Task HasGoneAtLastAsync(WeakReference context, CancellationToken cancellationToken)
    {
        while (context.IsAlive)
            await Task.Delay(RestingPause, time, cancellationToken);
    }

    private void Collect()
    {
        var last = Interlocked.Read(ref lastCollection);
        var now = time.GetTimestamp();
        if ((last != long.MinValue && time.GetElapsedTime(last, now) < firstPause) || Interlocked.CompareExchange(ref lastCollection, now, last) != last)
            return;

        // In the background: callers go on meanwhile. Finalisers are not waited for; they run until the next look, and one of a plugin could block.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
    }
}
