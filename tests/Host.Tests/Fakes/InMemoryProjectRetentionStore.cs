using System.Collections.Concurrent;
using IntegrationHub.Host.Events.Retention;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemoryProjectRetentionStore : IProjectRetentionStore
{
    private readonly ConcurrentDictionary<string, SetRetention> set = new(StringComparer.Ordinal);

    public Task<IReadOnlyList<SetRetention>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SetRetention>>([.. set.Values]);

    public Task SaveAsync(SetRetention retention, CancellationToken cancellationToken)
    {
        set[retention.Project] = retention;
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string project, CancellationToken cancellationToken)
    {
        set.TryRemove(project, out _);
        return Task.CompletedTask;
    }
}
