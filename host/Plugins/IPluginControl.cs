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
    /// <param name="stillHolds">Asked when no other change to the plugin is under way: whether what misbehaved still serves.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The plugin's record; <see langword="null"/> when there is no such plugin, or the reason holds no more.</returns>
    Task<PluginRecord?> QuarantineAsync(string id, ValidationIssue reason, Func<bool> stillHolds, CancellationToken cancellationToken);
}
