namespace IntegrationHub.Host.Plugins;

/// <summary>How plugins are started and stopped, section <c>Hub:Plugins</c>.</summary>
internal sealed class PluginOptions
{
    public const string Section = HubOptions.Section + ":Plugins";

    /// <summary>The time for a plugin's constructor and <c>InitializeAsync</c> together. Default 10 s.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The time for all plugins together to finish their calls and dispose themselves at shutdown. Default 10 s.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many plugins start at the same time. Default 8: starting is mostly waiting, and one that hangs must not hold the others up.</summary>
    public int StartTogether { get; set; } = 8;

    /// <summary>Whether a plugin without a SHA-256 in <c>plugins.json</c> is refused. Default false.</summary>
    public bool RequirePins { get; set; }
}
