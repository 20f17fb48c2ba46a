using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>What has been decided about a plugin while the hub ran, and outlives it. The operator's list stands above it.</summary>
internal sealed record PluginStanding(string Id)
{
    /// <summary>When somebody disabled it through the API; <see langword="null"/> when nobody did.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    public PluginQuarantine? Quarantine { get; init; }

    /// <summary>Whether it says anything at all.</summary>
    public bool IsPlain => DisabledAt is null && Quarantine is null;
}

/// <summary>Why a plugin is not called any more.</summary>
/// <param name="Reason">What it did, and what to do.</param>
/// <param name="Since">When it was quarantined.</param>
/// <param name="Sha256">The files that misbehaved: other files are given a chance. <see langword="null"/> when they are not known: then only enabling lifts it.</param>
internal sealed record PluginQuarantine(ValidationIssue Reason, DateTimeOffset Since, string? Sha256);

/// <summary>Keeps what has been decided about plugins. Thread-safe.</summary>
internal interface IPluginStateStore
{
    /// <summary>All plugins about which something has been decided, by id.</summary>
    Task<IReadOnlyList<PluginStanding>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Keeps the standing instead of a former one; forgets the plugin when it is <see cref="PluginStanding.IsPlain"/>.</summary>
    Task SaveAsync(PluginStanding standing, CancellationToken cancellationToken);
}
