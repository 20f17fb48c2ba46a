namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// Routes in the order of their subscriptions' ids, in chunks, so that a copy with one change shares all chunks but one with the original. Immutable and thread-safe.
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

    /// <param name="routes">In the order of their ids, each id once.</param>
    public static RouteList Of(IEnumerable<EventRoute> routes) => new([.. routes.Chunk(MostInChunk)]);

    /// <summary>The same with the route, in place of the one with its id if there is one.</summary>
    public RouteList With(EventRoute route)
    {
        if (IsEmpty)
            return new([[route]]);

        var at = ChunkFor(route.Subscription.Id);
        var chunk = chunks[at];
        var place = Array.BinarySearch(chunk, route, ById.Instance);
        if (place >= 0)
            return Replaced(at, [[.. chunk[..place], route, .. chunk[(place + 1)..]]]);

        place = ~place;
        if (chunk.Length < MostInChunk)
            return Replaced(at, [[.. chunk[..place], route, .. chunk[place..]]]);

        // Ids ascend, so that most come at the end: a full chunk is left full then.
        return place == chunk.Length
            ? Replaced(at, [chunk, [route]])
            : Replaced(at, [[.. chunk[..place], route], chunk[place..]]);
    }

    /// <summary>The same without the route that has the id of this one.</summary>
    public RouteList Without(EventRoute route)
    {
        if (IsEmpty)
            return this;

        var at = ChunkFor(route.Subscription.Id);
        var chunk = chunks[at];
        var place = Array.BinarySearch(chunk, route, ById.Instance);
        if (place < 0)
            return this;

        return Replaced(at, chunk.Length == 1 ? [] : [[.. chunk[..place], .. chunk[(place + 1)..]]]);
    }

    /// <summary>The last chunk that begins at the id or before it; else the first.</summary>
    private int ChunkFor(string id)
    {
        var (low, high) = (0, chunks.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (string.CompareOrdinal(chunks[middle][0].Subscription.Id, id) <= 0)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    private RouteList Replaced(int at, EventRoute[][] with) => new([.. chunks[..at], .. with, .. chunks[(at + 1)..]]);

    private sealed class ById : IComparer<EventRoute>
    {
        public static readonly ById Instance = new();

        public int Compare(EventRoute? left, EventRoute? right) => string.CompareOrdinal(left?.Subscription.Id, right?.Subscription.Id);
    }
}
