namespace IntegrationHub.Host.Plugins;

/// <summary>The state of every plugin folder that the operator's list names. Thread-safe: readers see one immutable snapshot.</summary>
internal sealed class PluginRegistry
{
    private Snapshot current = new(null, []);

    /// <summary>The list that was read; <see langword="null"/> before the first.</summary>
    public PluginListRecord? List => Volatile.Read(ref current).List;

    /// <summary>In the order of the list.</summary>
    public IReadOnlyList<PluginRecord> All => Volatile.Read(ref current).Records;

    /// <summary>The plugin with the id: the loaded one, when several folders claim it.</summary>
    public PluginRecord? Find(string id)
    {
        var claims = All.Where(record => record.Id == id).ToList();
        return claims.Find(record => record.State == PluginState.Loaded) ?? claims.FirstOrDefault();
    }

    public void Set(PluginListRecord list, IReadOnlyList<PluginRecord> records) => Volatile.Write(ref current, new Snapshot(list, records));

    private sealed record Snapshot(PluginListRecord? List, IReadOnlyList<PluginRecord> Records);
}
