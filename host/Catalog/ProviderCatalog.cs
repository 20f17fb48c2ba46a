using System.Collections.Frozen;

namespace IntegrationHub.Host.Catalog;

/// <summary>
/// The catalog. Readers see one immutable snapshot. Each loaded provider counts its leases; when it has been swapped out, the last lease releases it.
/// </summary>
internal sealed class ProviderCatalog : IProviderCatalog
{
    private readonly Lock writing = new();
    private Snapshot current = new([]);

    public IReadOnlyList<LoadedProvider> All => Volatile.Read(ref current).Providers;

    public LoadedProvider? Find(string id) => Volatile.Read(ref current).ById.GetValueOrDefault(id)?.Provider;

    public ProviderLease? Acquire(string id)
    {
        // A slot refuses only after its successor is in the snapshot, so that a second look finds another slot or none.
        while (Volatile.Read(ref current).ById.GetValueOrDefault(id) is { } slot)
            if (slot.TryEnter())
                return new ProviderLease(slot.Provider, slot.Leave);

        return null;
    }

    /// <summary>Serves the provider from now on, instead of the one with its id, if there is one.</summary>
    /// <returns>Completes when the last lease of the former one has been released; at once when there was none.</returns>
    public Task Replace(LoadedProvider provider) => Swap(provider.Id, new Slot(provider));

    /// <summary>Serves the provider no more.</summary>
    /// <returns>Completes when its last lease has been released; at once when it was not there.</returns>
    public Task Remove(string id) => Swap(id, null);

    private Task Swap(string id, Slot? next)
    {
        Slot? former;
        lock (writing)
        {
            former = current.ById.GetValueOrDefault(id);
            var others = current.ById.Values.Where(slot => slot.Provider.Id != id);
            Volatile.Write(ref current, new Snapshot(next is null ? others : others.Append(next)));
        }

        return former?.Retire() ?? Task.CompletedTask;
    }

    private sealed class Snapshot
    {
        public Snapshot(IEnumerable<Slot> slots)
        {
            ById = slots.ToFrozenDictionary(slot => slot.Provider.Id, StringComparer.Ordinal);
            Providers = [.. ById.Values.Select(slot => slot.Provider).OrderBy(provider => provider.Id, StringComparer.Ordinal)];
        }

        public FrozenDictionary<string, Slot> ById { get; }

        public IReadOnlyList<LoadedProvider> Providers { get; }
    }

    // The catalog's own hold counts as one: the count reaches zero once, after the retirement and the last lease, in whichever order.
    private sealed class Slot(LoadedProvider provider)
    {
        private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int holds = 1;

        public LoadedProvider Provider { get; } = provider;

        public bool TryEnter()
        {
            var seen = Volatile.Read(ref holds);
            while (seen > 0)
            {
                var before = Interlocked.CompareExchange(ref holds, seen + 1, seen);
                if (before == seen)
                    return true;

                seen = before;
            }

            return false;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref holds) == 0)
                drained.SetResult();
        }

        public Task Retire()
        {
            Leave();
            return drained.Task;
        }
    }
}
