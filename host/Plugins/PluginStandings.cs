using System.Collections.Concurrent;

namespace IntegrationHub.Host.Plugins;

/// <summary>What has been decided about plugins, in memory and in the store. Thread-safe; changes to one plugin are made one after the other by whoever holds its gate.</summary>
internal sealed class PluginStandings(IPluginStateStore store)
{
    private readonly ConcurrentDictionary<string, PluginStanding> known = new(StringComparer.Ordinal);

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var standing in await store.ListAsync(cancellationToken))
            known[standing.Id] = standing;
    }

    public PluginStanding Of(string id) => known.GetValueOrDefault(id) ?? new PluginStanding(id);

    /// <summary>Keeps it, and then puts it in force.</summary>
    public async Task SetAsync(PluginStanding standing, CancellationToken cancellationToken)
    {
        if (standing.IsPlain && Of(standing.Id).IsPlain)
            return;

        await store.SaveAsync(standing, cancellationToken);
        known[standing.Id] = standing;
    }

    /// <summary>Puts it in force until the hub ends, whether it can be kept or not.</summary>
    public void Assume(PluginStanding standing) => known[standing.Id] = standing;
}
