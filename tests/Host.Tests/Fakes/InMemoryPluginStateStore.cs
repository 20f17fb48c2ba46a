using System.Collections.Concurrent;
using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemoryPluginStateStore : IPluginStateStore
{
    private readonly ConcurrentDictionary<string, PluginStanding> rows = new(StringComparer.Ordinal);

    public IReadOnlyCollection<PluginStanding> Rows => [.. rows.Values];

    /// <summary>When set, nothing can be kept.</summary>
    public bool Broken { get; set; }

    public Task<IReadOnlyList<PluginStanding>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<PluginStanding>>([.. rows.Values]);

    public Task SaveAsync(PluginStanding standing, CancellationToken cancellationToken)
    {
        if (Broken)
            throw new IOException("The store cannot be written.");

        if (standing.IsPlain)
            rows.TryRemove(standing.Id, out _);
        else
            rows[standing.Id] = standing;

        return Task.CompletedTask;
    }
}
