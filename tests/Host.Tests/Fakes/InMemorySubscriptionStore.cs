using System.Collections.Concurrent;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemorySubscriptionStore : ISubscriptionStore
{
    private readonly ConcurrentDictionary<string, Subscription> rows = new();

    public Task AddAsync(Subscription subscription, CancellationToken cancellationToken) =>
        rows.TryAdd(subscription.Id, subscription) ? Task.CompletedTask : throw new InvalidOperationException("The id is taken.");

    public Task<Subscription?> GetAsync(string id, CancellationToken cancellationToken) => Task.FromResult(rows.GetValueOrDefault(id));

    public Task<Page<Subscription>> ListAsync(IReadOnlySet<string>? visibleProjects, string? project, PageRequest page, CancellationToken cancellationToken)
    {
        Subscription[] found =
        [
            .. rows.Values.Where(row => (visibleProjects?.Contains(row.Project) ?? true) && (project ?? row.Project) == row.Project)
                .OrderByDescending(row => row.Id, StringComparer.Ordinal).Take(page.Limit),
        ];
        return Task.FromResult(new Page<Subscription>(found, null));
    }

    public Task<IReadOnlyList<Subscription>> ListEnabledAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Subscription>>([.. rows.Values.Where(row => row.Enabled)]);

    public Task<bool> UpdateAsync(Subscription subscription, CancellationToken cancellationToken) =>
        Task.FromResult(rows.TryGetValue(subscription.Id, out var old) && old.Version == subscription.Version - 1 && rows.TryUpdate(subscription.Id, subscription, old));

    public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) => Task.FromResult(rows.TryRemove(id, out _));
}
