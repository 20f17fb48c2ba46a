using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>Wakes the delivery worker, and tells it where to look: at the subscriptions named, or everywhere. Thread-safe.</summary>
internal sealed class DeliverySignal : WakeSignal
{
    private readonly Lock gate = new();
    private readonly HashSet<string> named = new(StringComparer.Ordinal);
    private bool everywhere;

    /// <summary>Something may be due, who knows where.</summary>
    public new void Wake()
    {
        lock (gate)
            everywhere = true;
        base.Wake();
    }

    /// <summary>These subscriptions have deliveries that are due.</summary>
    public void Wake(IEnumerable<string> subscriptionIds)
    {
        lock (gate)
            named.UnionWith(subscriptionIds);
        base.Wake();
    }

    /// <summary>Wakes the worker for what it knows itself.</summary>
    public void Nudge() => base.Wake();

    /// <summary>What was told since this was last asked.</summary>
    public (bool Everywhere, IReadOnlyList<string> Named) Take()
    {
        lock (gate)
        {
            var taken = (everywhere, named.Count == 0 ? [] : (IReadOnlyList<string>)[.. named]);
            everywhere = false;
            named.Clear();
            return taken;
        }
    }
}
