using IntegrationHub.Host.Events.Stream;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// The routes of one moment, by id, and by project and the literal beginning of their patterns. A copy with one change shares nearly everything with the original, however many
/// routes there are. Immutable and thread-safe.
/// </summary>
internal sealed class RouteTable
{
    private readonly HashSlots<EventRoute> byId;
    private readonly HashSlots<Group> groups;

    private RouteTable(HashSlots<EventRoute> byId, HashSlots<Group> groups)
    {
        this.byId = byId;
        this.groups = groups;
    }

    public static RouteTable Empty { get; } = new(HashSlots<EventRoute>.Empty, HashSlots<Group>.Empty);

    /// <param name="routes">Each id once.</param>
    public static RouteTable Of(IReadOnlyCollection<EventRoute> routes)
    {
        var all = routes.Where(static route => !IsSentTo(route)).ToList();
        var lists = new List<Group>();
        foreach (var group in routes.Where(IsSentTo).GroupBy(static route => (route.Subscription.Project, route.Prefix)))
        {
            EventRoute[] list = [.. group];
            Array.Sort(list, EventRoute.Compare);
            for (var i = 1; i < list.Length; i++)
                list[i] = list[i].Sharing(list[i - 1]);

            all.AddRange(list);
            lists.Add(new Group(group.Key.Project, group.Key.Prefix, RouteList.Of(list)));
        }

        return new RouteTable(
            HashSlots<EventRoute>.Of(all.Select(static route => (HashOf(route.Subscription.Id), route))),
            HashSlots<Group>.Of(lists.Select(static group => (HashOf(HashOf(group.Project), group.Prefix), group))));
    }

    public EventRoute? Find(string id)
    {
        foreach (var route in byId.At(HashOf(id)))
        {
            if (route.Subscription.Id == id)
                return route;
        }

        return null;
    }

    /// <summary>The same with the route under the id; with none when there is none.</summary>
    public RouteTable With(string id, EventRoute? route)
    {
        var before = Find(id);
        if (before is null && route is null)
            return this;

        var changed = groups;
        if (before is not null && IsSentTo(before))
            changed = Changed(changed, ref before, isThere: false);
        if (route is not null && IsSentTo(route))
            changed = Changed(changed, ref route, isThere: true);

        var hash = HashOf(id);
        EventRoute[] others = [.. byId.At(hash).ToArray().Where(other => other != before)];
        return new RouteTable(byId.With(hash, route is null ? others : [.. others, route]), changed);
    }

    /// <summary>The routes whose literal beginning is one of the type: as many look-ups as the type has segments, and one.</summary>
    public Candidates Of(string project, string type) => new(groups, project, type);

    // Streams are read, not sent to.
    private static bool IsSentTo(EventRoute route) => route.Subscription.TargetKind != StreamTarget.KindName;

    /// <param name="groups">The groups as they are.</param>
    /// <param name="route">Which route; it then shares what others have too.</param>
    /// <param name="isThere">Whether it is in them afterwards.</param>
    private static HashSlots<Group> Changed(HashSlots<Group> groups, ref EventRoute route, bool isThere)
    {
        var (project, prefix) = (route.Subscription.Project, route.Prefix);
        var hash = HashOf(HashOf(project), prefix);
        var slot = groups.At(hash);
        var others = new List<Group>(slot.Length + 1);
        var list = RouteList.Empty;
        foreach (var group in slot)
        {
            if (group.Is(project, prefix))
                list = group.Routes;
            else
                others.Add(group);
        }

        list = isThere ? list.With(route = list.Share(route)) : list.Without(route);
        return groups.With(hash, list.IsEmpty ? [.. others] : [.. others, new Group(project, prefix, list)]);
    }

    // Seeded anew in each process: nobody can choose names that meet in one slot.
    private static int HashOf(ReadOnlySpan<char> text) => string.GetHashCode(text);

    private static int HashOf(int project, ReadOnlySpan<char> prefix) => HashCode.Combine(project, HashOf(prefix));

    /// <summary>Goes through the routes. Allocates nothing.</summary>
    public ref struct Candidates
    {
        private readonly HashSlots<Group> groups;
        private readonly string project;
        private readonly string type;
        private readonly int projectHash;
        private ReadOnlySpan<EventRoute[]> chunks;
        private EventRoute[] chunk = [];
        private int nextChunk;
        private int at = -1;
        private int length;

        public Candidates(HashSlots<Group> groups, string project, string type)
        {
            this.groups = groups;
            this.project = project;
            this.type = type;
            projectHash = HashOf(project);
            chunks = Look("");
        }

        public readonly EventRoute Current => chunk[at];

        public readonly Candidates GetEnumerator() => this;

        public bool MoveNext()
        {
            if (++at < chunk.Length)
                return true;

            at = 0;
            while (nextChunk == chunks.Length)
            {
                if (length >= type.Length)
                {
                    chunk = [];
                    return false;
                }

                var dot = type.AsSpan(length).IndexOf('.');
                var end = dot < 0 ? type.Length : length + dot;
                length = end + 1;
                chunks = Look(type.AsSpan(0, end));
                nextChunk = 0;
            }

            chunk = chunks[nextChunk++];
            return true;
        }

        private readonly ReadOnlySpan<EventRoute[]> Look(ReadOnlySpan<char> prefix)
        {
            foreach (ref readonly var group in groups.At(HashOf(projectHash, prefix)))
            {
                if (group.Is(project, prefix))
                    return group.Routes.Chunks;
            }

            return default;
        }
    }

    /// <summary>The routes of a project whose patterns begin alike.</summary>
    internal readonly record struct Group(string Project, string Prefix, RouteList Routes)
    {
        public bool Is(string project, ReadOnlySpan<char> prefix) => prefix.SequenceEqual(Prefix) && Project == project;
    }
}
