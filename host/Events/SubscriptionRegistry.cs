using System.Collections.Frozen;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events;

/// <summary>
/// The enabled subscriptions in memory, indexed by the first segment of their patterns. Reads take no lock: a reload swaps the whole snapshot. Thread-safe.
/// </summary>
internal sealed partial class SubscriptionRegistry(ISubscriptionStore store, ILogger<SubscriptionRegistry> logger) : IRewrapListener, IDisposable
{
    private readonly SemaphoreSlim reloading = new(1);
    private volatile Snapshot snapshot = new([], logger);

    /// <summary>Reads the enabled subscriptions. Call it at start, and after every change: a completed load includes all that was stored before it was called.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        // One at a time, or an older read could overwrite a newer one.
        await reloading.WaitAsync(cancellationToken);
        try
        {
            snapshot = new Snapshot(await store.ListEnabledAsync(cancellationToken), logger);
        }
        finally
        {
            reloading.Release();
        }
    }

    Task IRewrapListener.ReloadAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public Subscription? Find(string id) => snapshot.ById.GetValueOrDefault(id);

    /// <summary>The enabled subscriptions that an event goes to.</summary>
    public IReadOnlyList<Subscription> Match(string project, string environment, string type)
    {
        var current = snapshot;
        List<Subscription>? found = null;
        var dot = type.IndexOf('.', StringComparison.Ordinal);
        if (current.ByFirstSegment.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(dot < 0 ? type : type.AsSpan(0, dot), out var candidates))
            Collect(candidates, project, environment, type, ref found);
        Collect(current.AnyFirstSegment, project, environment, type, ref found);
        return found ?? (IReadOnlyList<Subscription>)[];
    }

    public void Dispose() => reloading.Dispose();

    private static void Collect(Route[] routes, string project, string environment, string type, ref List<Subscription>? found)
    {
        foreach (var (subscription, pattern) in routes)
        {
            if (subscription.Project == project && (subscription.Environment is null || subscription.Environment == environment) && pattern.Matches(type))
                (found ??= []).Add(subscription);
        }
    }

    private readonly record struct Route(Subscription Subscription, EventPattern Pattern);

    private sealed class Snapshot
    {
        public Snapshot(IReadOnlyList<Subscription> subscriptions, ILogger logger)
        {
            var routes = new List<Route>(subscriptions.Count);
            foreach (var subscription in subscriptions)
            {
                // Patterns are checked before they are stored. A row that was altered from outside must not stop the others.
                if (EventPattern.TryParse(subscription.Pattern, out var pattern, out _))
                    routes.Add(new Route(subscription, pattern));
                else
                    Log.PatternUnreadable(logger, subscription.Id);
            }

            ById = subscriptions.ToFrozenDictionary(subscription => subscription.Id);
            ByFirstSegment = routes.Where(route => route.Pattern.FirstLiteral is not null)
                .GroupBy(route => route.Pattern.FirstLiteral!)
                .ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
            AnyFirstSegment = [.. routes.Where(route => route.Pattern.FirstLiteral is null)];
        }

        public FrozenDictionary<string, Subscription> ById { get; }

        public FrozenDictionary<string, Route[]> ByFirstSegment { get; }

        public Route[] AnyFirstSegment { get; }
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Error, "Subscription {Subscription} has an unreadable pattern and receives nothing; change or delete it")]
        public static partial void PatternUnreadable(ILogger logger, string subscription);
    }
}
