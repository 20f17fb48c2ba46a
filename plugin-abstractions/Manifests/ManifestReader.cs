namespace IntegrationHub.Manifests;

/// <summary>Reads and validates manifests. Thread-safe.</summary>
public static class ManifestReader
{
    /// <summary>The version of the plugin contract this library implements.</summary>
    public static Version ContractVersion => typeof(ManifestReader).Assembly.GetName().Version!;

    /// <summary>Reads <c>manifest.json</c>: JSON (comments and trailing commas allowed), then the JSON schema, then the semantic rules. Reports every error at once.</summary>
    public static ManifestReadResult Read(ReadOnlyMemory<byte> utf8Json) => throw new InvalidOperationException();
}

/// <summary>A manifest, or what is wrong with it.</summary>
public sealed record ManifestReadResult
{
    /// <summary>The manifest; <see langword="null"/> when <see cref="Errors"/> is not empty.</summary>
    public ProviderManifest? Manifest { get; init; }

    /// <summary>What makes it unusable.</summary>
    public IReadOnlyList<Schemas.ValidationIssue> Errors { get; init; } = [];

    /// <summary>What works but should be better (a missing description, an operation without a schema).</summary>
    public IReadOnlyList<Schemas.ValidationIssue> Warnings { get; init; } = [];

    /// <summary>The id as far as it could be read, even from a faulty manifest.</summary>
    public string? Id { get; init; }
}
