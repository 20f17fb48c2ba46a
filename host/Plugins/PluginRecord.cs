using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

internal enum PluginState
{
    /// <summary>It serves.</summary>
    Loaded,

    /// <summary>The operator's list says <c>"enabled": false</c>, or it was disabled through the API; the reason says which.</summary>
    Disabled,

    /// <summary>It could not be loaded.</summary>
    Failed,

    /// <summary>It was loaded and misbehaved; the hub does not call it until it is enabled or its files change.</summary>
    Quarantined,
}

internal enum PluginKind
{
    /// <summary>Run by the built-in adapter.</summary>
    Manifest,

    /// <summary>Has code of its own.</summary>
    Code,
}

/// <summary>What is known of one plugin folder. Immutable.</summary>
internal sealed record PluginRecord
{
    /// <summary>The manifest's id; the folder's name when that could not be read.</summary>
    public required string Id { get; init; }

    public required string Path { get; init; }

    public required PluginState State { get; init; }

    public string? Name { get; init; }

    public string? Version { get; init; }

    public PluginKind? Kind { get; init; }

    public DateTimeOffset? LoadedAt { get; init; }

    /// <summary>The SHA-256 of the files it was loaded from, which <c>plugins.json</c> can pin; of those that failed, when nothing serves.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Counts the plugin's loads since the hub was started, from 1. <see langword="null"/> while nothing serves.</summary>
    public int? Generation { get; init; }

    /// <summary>Why it is disabled or quarantined, and what to do.</summary>
    public ValidationIssue? Reason { get; init; }

    /// <summary>Since when it is disabled or quarantined, where that is known.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The version of newer files that could not be loaded while this one serves on.</summary>
    public string? PendingVersion { get; init; }

    /// <summary>What is wrong with these newer files.</summary>
    public IReadOnlyList<ValidationIssue> PendingErrors { get; init; } = [];

    /// <summary>Former generations that are still in memory, the newest last.</summary>
    public IReadOnlyList<RetiredGeneration> Retired { get; init; } = [];

    /// <summary>How many former generations were seen to have left memory since the hub was started.</summary>
    public int Unloaded { get; init; }

    public IReadOnlyList<ValidationIssue> Errors { get; init; } = [];

    public IReadOnlyList<ValidationIssue> Warnings { get; init; } = [];
}

/// <summary>What is known of the operator's list itself.</summary>
internal sealed record PluginListRecord(string File, IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings);

internal enum RetiredState
{
    /// <summary>Calls that began before the change are finishing.</summary>
    Draining,

    /// <summary>It was let go; the runtime has not released its memory yet.</summary>
    Unloading,

    /// <summary>Something still holds it: it stays in memory until that lets go, or until the hub ends.</summary>
    Pinned,
}

/// <summary>A generation of a plugin that serves no more and is still in memory.</summary>
/// <param name="Plugin">The plugin's id.</param>
/// <param name="Generation">Which one.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sha256">Its files.</param>
/// <param name="RetiredAt">When it was replaced, disabled or removed.</param>
/// <param name="State">How far it got.</param>
/// <param name="LikelyCauses">What holds it, as far as that can be told: what was seen first, then what its code uses that is known to hold plugins.</param>
internal sealed record RetiredGeneration(string Plugin, int Generation, string Version, string Sha256, DateTimeOffset RetiredAt, RetiredState State, IReadOnlyList<string> LikelyCauses);
