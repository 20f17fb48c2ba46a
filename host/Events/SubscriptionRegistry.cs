using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events;

/// <summary>
/// The enabled subscriptions in memory, compiled, and indexed by project and by the literal beginning of their patterns. Reads take no lock: a change swaps the table for a copy
/// that shares with it all that stayed. Thread-safe.
/// </summary>
internal sealed partial class SubscriptionRegistry(ISubscriptionStore store, IPayloadSealer payloads, ILogger<SubscriptionRegistry> logger) : IRewrapListener, IDisposable
{
    /// <summary>One at a time, or an older read could overwrite a newer one.</summary>
    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();

    /// <summary>Changed in the store since it was last read for them. Whoever has the turn reads all of them, so that many changes at once cost few turns.</summary>
    private HashSet<string> changed = new(StringComparer.Ordinal);
    private volatile RouteTable routes = RouteTable.Empty;

    /// <summary>Reads the enabled subscriptions anew, at start and when something changed that no version tells of: a completed load includes all that was stored before it was called.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        var covered = TakeChanged();
        try
        {
            var before = routes;
            var subscriptions = await store.ListEnabledAsync(cancellationToken);
            routes = RouteTable.Of([.. subscriptions.Select(subscription => Compile(subscription, before.Find(subscription.Id))).OfType<EventRoute>()]);
        }
        catch
        {
            GiveBack(covered);
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Reads one subscription, after it was created, changed or deleted. When it completes, events are routed by what was stored before it was called, or by something newer.</summary>
    public async Task RefreshAsync(string id, CancellationToken cancellationToken)
    {
        lock (gate)
            changed.Add(id);

        await turn.WaitAsync(cancellationToken);

        // Empty when whoever had the turn before read this one as well: after it was noted, and so after it was stored.
        var taken = TakeChanged();
        try
        {
            var next = routes;
            foreach (var one in taken)
            {
                var subscription = await store.GetAsync(one, cancellationToken);
                next = next.With(one, subscription is { Enabled: true } ? Compile(subscription, next.Find(one)) : null);
            }

            routes = next;
        }
        catch
        {
            // The next one reads it, at the latest when its own caller has the turn.
            GiveBack(taken);
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    Task IRewrapListener.ReloadAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    /// <summary>An enabled subscription, compiled.</summary>
    public EventRoute? FindRoute(string id) => routes.Find(id);

    public Subscription? Find(string id) => routes.Find(id)?.Subscription;

    /// <summary>The enabled subscriptions whose pattern takes events of the type, whatever their filters say.</summary>
    public IReadOnlyList<Subscription> Match(string project, string environment, string type)
    {
        List<Subscription>? found = null;
        foreach (var route in routes.Of(project, type))
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

        // Routes with the same pattern and the same filter stand side by side and share them: one answer serves them all.
        var (pattern, fits) = ((EventPattern?)null, false);
        var (filter, passes) = ((EventFilter?)null, false);
        try
        {
            foreach (var route in routes.Of(hubEvent.Project, hubEvent.Type))
            {
                if (!ReferenceEquals(pattern, route.Pattern))
                    (pattern, fits) = (route.Pattern, route.Pattern.Matches(hubEvent.Type));

                if (!fits || !route.IsFor(hubEvent.Environment))
                    continue;

                if (route.Filter is { } own && !ReferenceEquals(filter, own))
                    (filter, passes) = (own, own.Matches(fields ??= new(hubEvent, payloads)));

                if (route.Filter is null || passes)
                    (found ??= []).Add(new(route.Subscription, route.OrderKeyOf(hubEvent, payloads, ref fields)));
            }
        }
        finally
        {
            fields?.Dispose();
        }

        return found ?? (IReadOnlyList<RoutedSubscription>)[];
    }

    public void Dispose() => turn.Dispose();

    private EventRoute? Compile(Subscription subscription, EventRoute? before)
    {
        // What stays as it was is not compiled again; a change is a new version.
        if (before is not null && before.Subscription.Version == subscription.Version && before.Subscription.UpdatedAt == subscription.UpdatedAt)
            return before.With(subscription);

        if (EventRoute.TryCompile(subscription, out var issues) is { } route)
            return route;

        // Checked before it was stored. A row that was altered from outside must not stop the others.
        Log.Unreadable(logger, subscription.Id, issues[0].Pointer, issues[0].Message);
        return null;
    }

    private HashSet<string> TakeChanged()
    {
        lock (gate)
        {
            var taken = changed;
            changed = new HashSet<string>(StringComparer.Ordinal);
            return taken;
        }
    }

    private void GiveBack(HashSet<string> taken)
    {
        lock (gate)
            changed.UnionWith(taken);
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Error, "Subscription {Subscription} is unreadable at {Pointer} and receives nothing; change or delete it: {Message}")]
        public static partial void Unreadable(ILogger logger, string subscription, string pointer, string message);
    }
}
