namespace IntegrationHub.Host.Plugins;

/// <summary>The state of every plugin folder that the operator's list names, and of former generations. Thread-safe: readers see one immutable snapshot.</summary>
internal sealed class PluginRegistry
{
    private readonly Lock writing = new();
    private readonly List<RetiredGeneration> retired = [];
    private readonly Dictionary<string, int> unloaded = new(StringComparer.Ordinal);
    private IReadOnlyList<PluginRecord> listed = [];
    private Snapshot current = new(null, [], []);

    /// <summary>The list that was read; <see langword="null"/> before the first.</summary>
    public PluginListRecord? List => Volatile.Read(ref current).List;

    /// <summary>In the order of the list.</summary>
    public IReadOnlyList<PluginRecord> All => Volatile.Read(ref current).Records;

    /// <summary>Every former generation that is still in memory, also of plugins that are no longer listed. In the order in which they were retired.</summary>
    public IReadOnlyList<RetiredGeneration> Retired => Volatile.Read(ref current).Retired;

    /// <summary>The plugin with the id: the loaded one, when several folders claim it.</summary>
    public PluginRecord? Find(string id)
    {
        var claims = All.Where(record => record.Id == id).ToList();
        return claims.Find(record => record.State == PluginState.Loaded) ?? claims.FirstOrDefault();
    }

    public void Set(PluginListRecord list, IReadOnlyList<PluginRecord> records)
    {
        lock (writing)
        {
            listed = records;
            Publish(list);
        }
    }

    /// <summary>Adds a former generation, or says how far it got.</summary>
    public void Retire(RetiredGeneration generation)
    {
        lock (writing)
        {
            var index = retired.FindIndex(other => IsSame(other, generation));
            if (index < 0)
                retired.Add(generation);
            else
                retired[index] = generation;

            Publish(current.List);
        }
    }

    /// <summary>A former generation has left memory.</summary>
    public void SetUnloaded(RetiredGeneration generation)
    {
        lock (writing)
        {
            if (retired.RemoveAll(other => IsSame(other, generation)) == 0)
                return;

            unloaded[generation.Plugin] = unloaded.GetValueOrDefault(generation.Plugin) + 1;
            Publish(current.List);
        }
    }

    private static bool IsSame(RetiredGeneration one, RetiredGeneration other) => one.Plugin == other.Plugin && one.Generation == other.Generation;

    private void Publish(PluginListRecord? list)
    {
        var all = retired.ToArray();
        PluginRecord[] records =
        [
            .. listed.Select(record => record with
            {
                Retired = [.. all.Where(generation => generation.Plugin == record.Id)],
                Unloaded = unloaded.GetValueOrDefault(record.Id),
            }),
        ];
        Volatile.Write(ref current, new Snapshot(list, records, all));
    }

    private sealed record Snapshot(PluginListRecord? List, IReadOnlyList<PluginRecord> Records, IReadOnlyList<RetiredGeneration> Retired);
}
