using System.Collections.Concurrent;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Health;

/// <summary>Which connections to look at again, and the wake-up for whoever looks. Depends on nothing: those who tell it are what the worker runs on.</summary>
internal sealed class HealthSignal : WakeSignal, IConnectionHealthSignal
{
    private readonly ConcurrentDictionary<string, byte> changed = new(StringComparer.Ordinal);

    public void Changed(string connectionId)
    {
        changed[connectionId] = 0;
        Wake();
    }

    /// <summary>What has changed since this was last asked.</summary>
    public IReadOnlyList<string> Take() => [.. changed.Keys.Where(id => changed.TryRemove(id, out _))];
}
