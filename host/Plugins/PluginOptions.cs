namespace IntegrationHub.Host.Plugins;

/// <summary>How plugins are started, replaced and stopped, section <c>Hub:Plugins</c>.</summary>
internal sealed class PluginOptions
{
    public const string Section = HubOptions.Section + ":Plugins";

    /// <summary>The time for a plugin's constructor and <c>InitializeAsync</c> together. Default 10 s.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The time for all plugins together to finish their calls and dispose themselves at shutdown. Default 10 s.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many plugins start at the same time. Default 8: starting is mostly waiting, and one that hangs must not hold the others up.</summary>
    public int StartTogether { get; set; } = 8;

    /// <summary>The time for calls into a version that was replaced to finish before they are cancelled. Default 30 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The time for cancelled calls to end before the version is let go without them. Default 5 s.</summary>
    public TimeSpan CancelTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time for a plugin's <c>DisposeAsync</c> before it is let go without it. Default 10 s.</summary>
    public TimeSpan DisposeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After what time it is first looked whether a version has left memory; the time doubles with each look. Default 0.5 s.</summary>
    public TimeSpan UnloadCheck { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether the list and the folders are watched, so that what changes is loaded without being asked. Default true.</summary>
    public bool Watch { get; set; } = true;

    /// <summary>How often the folders are looked through even when no change was reported: reports get lost. Default 30 s.</summary>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long nothing must have changed before it is looked what did, and between two looks that must agree. Default 0.5 s.</summary>
    public TimeSpan QuietTime { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long files may be incomplete (they keep changing, the manifest is cut off) before that is reported. Default 10 s.</summary>
    public TimeSpan SettleLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether a plugin without a SHA-256 in <c>plugins.json</c> is refused. Default false.</summary>
    public bool RequirePins { get; set; }
}
