using IntegrationHub.Loading;

namespace IntegrationHub.Host.Plugins;

/// <summary>One folder of the operator's list: what is wanted of it, what serves, what was seen. Changed under its gate only.</summary>
internal sealed class PluginSlot(PluginSource source)
{
    private PluginRecord? record;

    /// <summary>One change at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    public string Folder { get; } = source.Folder;

    public PluginSource Source { get; set; } = source;

    /// <summary>What is known of it; <see langword="null"/> before the first look. Read from any thread.</summary>
    public PluginRecord? Record
    {
        get => Volatile.Read(ref record);
        set => Volatile.Write(ref record, value);
    }

    /// <summary>The generation that serves.</summary>
    public PluginInstance? Serving { get; set; }

    /// <summary>Whether its folder left the list or vanished.</summary>
    public bool Removed { get; set; }

    /// <summary>Whether its folder was not there at the last look. Changed by one scan at a time.</summary>
    public bool Vanished { get; set; }

    /// <summary>The id that its manifest names and another folder has.</summary>
    public string? ConflictId { get; set; }

    /// <summary>Whether a change was reported since the last look, which times and lengths may not show. Set from any thread.</summary>
    public volatile bool Touched;

    /// <summary>What the folder looked like when it was last read.</summary>
    public FolderStamp? Stamp { get; set; }

    /// <summary>The digest of the files that were last tried, with success or without.</summary>
    public string? Tried { get; set; }

    /// <summary>The digest of newer files that have yet to be seen a second time.</summary>
    public string? Unsettled { get; set; }

    /// <summary>Since when the files are not as they should stay.</summary>
    public DateTimeOffset? UnsettledSince { get; set; }
}
