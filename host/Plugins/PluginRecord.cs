using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

internal enum PluginState
{
    /// <summary>It serves.</summary>
    Loaded,

    /// <summary>The operator's list says <c>"enabled": false</c>.</summary>
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

    public IReadOnlyList<ValidationIssue> Errors { get; init; } = [];

    public IReadOnlyList<ValidationIssue> Warnings { get; init; } = [];
}

/// <summary>What is known of the operator's list itself.</summary>
internal sealed record PluginListRecord(string File, IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings);
