using System.Collections.Concurrent;
using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemoryEndpointStateStore : IEndpointStateStore
{
    public ConcurrentDictionary<string, EndpointState> Rows { get; } = new();

    /// <summary>How often something was written.</summary>
    public int Writes { get; private set; }

    public Task<IReadOnlyList<EndpointState>> LoadAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<EndpointState>>([.. Rows.Values]);

    public Task SaveAsync(IReadOnlyList<EndpointState> states, CancellationToken cancellationToken)
    {
        Writes++;
        foreach (var state in states)
            Rows[state.SubscriptionId] = state;
        return Task.CompletedTask;
    }
}
