using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// What can be done to plugins while the hub runs. Changes to one plugin happen one after the other, those to different plugins side by side. Thread-safe.
/// Every method answers when the new state is in force; an old version may still be draining then.
/// </summary>
internal interface IPluginControl
{
    /// <summary>Reads the operator's list and the folders again: loads what is new, reloads what has changed, and lets go of what is gone.</summary>
    Task RescanAsync(CancellationToken cancellationToken);

    /// <summary>The same for one folder, whose files are complete. The others are left as they are: they may be in the middle of a change.</summary>
    /// <param name="folder">Its full path.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task RescanAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Loads the plugin again from its folder, changed or not. When that fails, what served before goes on serving and the record has the errors.</summary>
    /// <returns>The plugin's record; <see langword="null"/> when there is no such plugin.</returns>
    Task<PluginRecord?> ReloadAsync(string id, CancellationToken cancellationToken);

    /// <summary>Lifts an earlier <see cref="DisableAsync"/> and a quarantine, and loads the plugin.</summary>
    /// <returns>The plugin's record; <see langword="null"/> when there is no such plugin.</returns>
    Task<PluginRecord?> EnableAsync(string id, CancellationToken cancellationToken);

    /// <summary>Stops serving the plugin, now and after a restart, until it is enabled.</summary>
    /// <returns>The plugin's record; <see langword="null"/> when there is no such plugin.</returns>
    Task<PluginRecord?> DisableAsync(string id, CancellationToken cancellationToken);

    /// <summary>Stops serving a plugin that misbehaves, now and after a restart, until somebody enables it or its files change.</summary>
    /// <param name="id">The plugin.</param>
    /// <param name="reason">What it did, for the operator: what was wrong, where, what to do.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task QuarantineAsync(string id, ValidationIssue reason, CancellationToken cancellationToken);

    /// <summary>The same for the generation whose faults were counted. When another has taken its place by then, nothing happens: that one has done nothing yet.</summary>
    /// <returns>The plugin's record; <see langword="null"/> when nothing happened.</returns>
    Task<PluginRecord?> QuarantineAsync(FaultLedger accused, ValidationIssue reason, CancellationToken cancellationToken);
}
