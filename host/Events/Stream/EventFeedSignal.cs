using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>Tells the feed that events were stored. Costs nothing while nobody reads. Thread-safe.</summary>
internal sealed class EventFeedSignal : WakeSignal
{
    private int readers;

    public int Readers => Volatile.Read(ref readers);

    public void Stored()
    {
        if (Readers > 0)
            Wake();
    }

    public void Join()
    {
        Interlocked.Increment(ref readers);
        Wake();
    }

    public void Leave() => Interlocked.Decrement(ref readers);
}
