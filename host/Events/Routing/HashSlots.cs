namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// Items by their hash, in two levels of arrays, so that a copy with one change shares all but two short arrays with the original. What an item is found by is its owner's matter:
/// a slot holds few items, to be compared one by one. Immutable and thread-safe.
/// </summary>
internal sealed class HashSlots<T>
{
    private const int Bits = 7;
    private const int Width = 1 << Bits;

    private readonly T[]?[]?[] rows;

    private HashSlots(T[]?[]?[] rows) => this.rows = rows;

    public static HashSlots<T> Empty { get; } = new(new T[]?[]?[Width]);

    public static HashSlots<T> Of(IEnumerable<(int Hash, T Item)> items)
    {
        var rows = new T[]?[]?[Width];
        foreach (var (hash, item) in items)
        {
            ref var slot = ref (rows[RowOf(hash)] ??= new T[]?[Width])[SlotOf(hash)];
            slot = slot is null ? [item] : [.. slot, item];
        }

        return new HashSlots<T>(rows);
    }

    public ReadOnlySpan<T> At(int hash) => rows[RowOf(hash)] is { } row ? row[SlotOf(hash)] : null;

    /// <summary>The same with these items in the hash's slot.</summary>
    public HashSlots<T> With(int hash, T[] items)
    {
        var copy = (T[]?[]?[])rows.Clone();
        var row = (T[]?[]?)copy[RowOf(hash)]?.Clone() ?? new T[]?[Width];
        row[SlotOf(hash)] = items.Length == 0 ? null : items;
        copy[RowOf(hash)] = row;
        return new HashSlots<T>(copy);
    }

    private static int RowOf(int hash) => (hash >> Bits) & (Width - 1);

    private static int SlotOf(int hash) => hash & (Width - 1);
}
