namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// Routes in the order of <see cref="EventRoute.Compare"/>, in chunks, so that a copy with one change shares all chunks but one with the original. Immutable and thread-safe.
/// </summary>
internal sealed class RouteList
{
    /// <summary>As long as the list of chunks when there are some ten thousand.</summary>
    public const int MostInChunk = 128;

    private readonly EventRoute[][] chunks;

    private RouteList(EventRoute[][] chunks) => this.chunks = chunks;

    public static RouteList Empty { get; } = new([]);

    public bool IsEmpty => chunks.Length == 0;

    public ReadOnlySpan<EventRoute[]> Chunks => chunks;

    /// <param name="routes">In their order, each id once.</param>
    public static RouteList Of(IEnumerable<EventRoute> routes) => new([.. routes.Chunk(MostInChunk)]);

    /// <summary>The route with what it has in common with those that it would stand beside.</summary>
    public EventRoute Share(EventRoute route)
    {
        if (IsEmpty)
            return route;

        var at = ChunkFor(route);
        var chunk = chunks[at];
        var place = Array.BinarySearch(chunk, route, InOrder.Instance);
        if (place < 0)
            place = ~place;

        return route
            .Sharing(place < chunk.Length ? chunk[place] : at + 1 < chunks.Length ? chunks[at + 1][0] : null)
            .Sharing(place > 0 ? chunk[place - 1] : at > 0 ? chunks[at - 1][^1] : null);
    }

    /// <summary>The same with the route, in place of the one that is like it in all that orders them.</summary>
    public RouteList With(EventRoute route)
    {
        if (IsEmpty)
            return new([[route]]);

        var at = ChunkFor(route);
        var chunk = chunks[at];
        var place = Array.BinarySearch(chunk, route, InOrder.Instance);
        if (place >= 0)
            return Replaced(at, [[.. chunk[..place], route, .. chunk[(place + 1)..]]]);

        place = ~place;
        if (chunk.Length < MostInChunk)
            return Replaced(at, [[.. chunk[..place], route, .. chunk[place..]]]);

        // Ids ascend, so that most come at the end of those like them: a full chunk is left full then.
        return place == chunk.Length
            ? Replaced(at, [chunk, [route]])
            : Replaced(at, [[.. chunk[..place], route], chunk[place..]]);
    }

    /// <summary>The same without the route.</summary>
    public RouteList Without(EventRoute route)
    {
        if (IsEmpty)
            return this;

        var at = ChunkFor(route);
        var chunk = chunks[at];
        var place = Array.BinarySearch(chunk, route, InOrder.Instance);
        if (place < 0)
            return this;

        return Replaced(at, chunk.Length == 1 ? [] : [[.. chunk[..place], .. chunk[(place + 1)..]]]);
    }

    /// <summary>The last chunk that begins at the route or before it; else the first.</summary>
    private int ChunkFor(EventRoute route)
    {
        var (low, high) = (0, chunks.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (EventRoute.Compare(chunks[middle][0], route) <= 0)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    private RouteList Replaced(int at, EventRoute[][] with) => new([.. chunks[..at], .. with, .. chunks[(at + 1)..]]);

    private sealed class InOrder : IComparer<EventRoute>
    {
        public static readonly InOrder Instance = new();

        public int Compare(EventRoute? left, EventRoute? right) => EventRoute.Compare(left!, right!);
    }
}
