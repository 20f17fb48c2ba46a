using System.Collections.Frozen;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events;

/// <summary>
/// The enabled subscriptions in memory, compiled, and indexed by project and by the literal beginning of their patterns. Reads take no lock: a reload swaps the whole
/// snapshot. Thread-safe.
/// </summary>
internal sealed partial class SubscriptionRegistry(ISubscriptionStore store, IPayloadSealer payloads, ILogger<SubscriptionRegistry> logger) : IRewrapListener, IDisposable
{
    private readonly SemaphoreSlim reloading = new(1);
    private volatile Snapshot snapshot = new([], null, logger);

    /// <summary>Reads the enabled subscriptions. Call it at start, and after every change: a completed load includes all that was stored before it was called.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        // One at a time, or an older read could overwrite a newer one.
        await reloading.WaitAsync(cancellationToken);
        try
        {
            snapshot = new Snapshot(await store.ListEnabledAsync(cancellationToken), snapshot, logger);
        }
        finally
        {
            reloading.Release();
        }
    }

    Task IRewrapListener.ReloadAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    /// <summary>An enabled subscription, compiled.</summary>
    public EventRoute? FindRoute(string id) => snapshot.ById.GetValueOrDefault(id);

    public Subscription? Find(string id) => snapshot.ById.GetValueOrDefault(id)?.Subscription;

    /// <summary>The enabled subscriptions whose pattern takes events of the type, whatever their filters say.</summary>
    public IReadOnlyList<Subscription> Match(string project, string environment, string type)
    {
        List<Subscription>? found = null;
        foreach (var route in new Candidates(snapshot, project, type))
        {
            if (route.Sees(environment, type))
                (found ??= []).Add(route.Subscription);
        }

        return found ?? (IReadOnlyList<Subscription>)[];
    }

    /// <summary>The enabled subscriptions that an event goes to. Its data is opened and parsed once, and only when a filter or an order looks at it.</summary>
    public IReadOnlyList<RoutedSubscription> Route(HubEvent hubEvent)
    {
        List<RoutedSubscription>? found = null;
        EventFields? fields = null;
        try
        {
            foreach (var route in new Candidates(snapshot, hubEvent.Project, hubEvent.Type))
            {
                if (route.Sees(hubEvent.Environment, hubEvent.Type) && route.Passes(hubEvent, payloads, ref fields))
                    (found ??= []).Add(new(route.Subscription, route.OrderKeyOf(hubEvent, payloads, ref fields)));
            }
        }
        finally
        {
            fields?.Dispose();
        }

        return found ?? (IReadOnlyList<RoutedSubscription>)[];
    }

    public void Dispose() => reloading.Dispose();

    private sealed class Snapshot
    {
        public Snapshot(IReadOnlyList<Subscription> subscriptions, Snapshot? before, ILogger logger)
        {
            var routes = new List<EventRoute>(subscriptions.Count);
            foreach (var subscription in subscriptions)
            {
                // What stays as it was is not compiled again; a change is a new version.
                if (before?.ById.GetValueOrDefault(subscription.Id) is { } same && same.Subscription.Version == subscription.Version && same.Subscription.UpdatedAt == subscription.UpdatedAt)
                    routes.Add(same.With(subscription));
                else if (EventRoute.TryCompile(subscription, out var issues) is { } route)
                    routes.Add(route);
                else // Checked before it was stored. A row that was altered from outside must not stop the others.
                    Log.Unreadable(logger, subscription.Id, issues[0].Pointer, issues[0].Message);
            }

            ById = routes.ToFrozenDictionary(route => route.Subscription.Id);
            // Streams are read, not sent to.
            ByPrefix = routes.Where(route => route.Subscription.TargetKind != Stream.StreamTarget.KindName).GroupBy(route => route.Subscription.Project, StringComparer.Ordinal).ToDictionary(
                project => project.Key,
                project => project.GroupBy(route => route.Prefix, StringComparer.Ordinal)
                    .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal)
                    .GetAlternateLookup<ReadOnlySpan<char>>(),
                StringComparer.Ordinal);
        }

        public FrozenDictionary<string, EventRoute> ById { get; }

        /// <summary>By project: the routes by the literal beginning of their patterns.</summary>
        public Dictionary<string, Dictionary<string, EventRoute[]>.AlternateLookup<ReadOnlySpan<char>>> ByPrefix { get; }
    }

    /// <summary>The routes of a project whose literal beginning is one of the type: as many look-ups as the type has segments, and one.</summary>
    private ref struct Candidates
    {
        private readonly Dictionary<string, EventRoute[]>.AlternateLookup<ReadOnlySpan<char>> byPrefix;
        private readonly string type;
        private EventRoute[] routes = [];
        private int at = -1;
        private int length;

        public Candidates(Snapshot snapshot, string project, string type)
        {
            this.type = type;
            if (!snapshot.ByPrefix.TryGetValue(project, out byPrefix))
                length = int.MaxValue;
            else if (byPrefix.TryGetValue("", out var any))
                routes = any;
        }

        public readonly EventRoute Current => routes[at];

        public readonly Candidates GetEnumerator() => this;

        public bool MoveNext()
        {
            if (++at < routes.Length)
                return true;

            while (length < type.Length)
            {
                var dot = type.AsSpan(length).IndexOf('.');
                var end = dot < 0 ? type.Length : length + dot;
                length = end + 1;
                if (byPrefix.TryGetValue(type.AsSpan(0, end), out var found))
                {
                    routes = found;
                    at = 0;
                    return true;
                }
            }

            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Error, "Subscription {Subscription} is unreadable at {Pointer} and receives nothing; change or delete it: {Message}")]
        public static partial void Unreadable(ILogger logger, string subscription, string pointer, string message);
    }
}
