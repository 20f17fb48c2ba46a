namespace IntegrationHub.Host.Plugins;

/// <summary>Which folder has which plugin id. The first has it until it lets go. Thread-safe.</summary>
internal sealed class PluginClaims
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, PluginSlot> holders = new(StringComparer.Ordinal);

    public PluginSlot? HolderOf(string id)
    {
        lock (gate)
            return holders.GetValueOrDefault(id);
    }

    /// <returns>The folder that has the id: <paramref name="slot"/> itself, unless another was there before.</returns>
    public PluginSlot Claim(string id, PluginSlot slot)
    {
        lock (gate)
        {
            if (holders.TryGetValue(id, out var holder))
                return holder;

            holders.Add(id, slot);
            return slot;
        }
    }

    /// <summary>Lets go of every id that the folder has, but these.</summary>
    public void KeepOnly(PluginSlot slot, params ReadOnlySpan<string?> ids)
    {
        lock (gate)
            foreach (var (id, holder) in holders)
                if (holder == slot && !ids.Contains(id))
                    holders.Remove(id);
    }
}
