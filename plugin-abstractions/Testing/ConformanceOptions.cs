using System.Text.Json;

namespace IntegrationHub.Testing;

/// <summary>What a run of the suite may be told. Every setting has a default that fits most plugins. Immutable.</summary>
public sealed record ConformanceOptions
{
    /// <summary>
    /// The files of the vendor's OpenAPI description (JSON or YAML) to hold requests against. Default, when empty: every <c>*.json</c>, <c>*.yaml</c> and <c>*.yml</c> directly in the
    /// plugin's folder <c>contract/</c>. Without a description no plugin is gold.
    /// </summary>
    public IReadOnlyList<string> DescriptionFiles { get; init; } = [];

    /// <summary>
    /// Fields of the connection, as an object, laid over the ones the suite makes up from the manifest's config schema. Needed only where nothing that fits a <c>pattern</c>
    /// can be made up. Use no real credentials: nothing leaves the process.
    /// </summary>
    public JsonElement? Config { get; init; }

    /// <summary>Valid parameters by operation, as objects, used instead of made-up ones for the operation's ordinary calls. Default: made up from schemas and <c>examples</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Parameters { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The level below which <see cref="PluginConformance.AssertAsync"/> fails. Default <see cref="QualityLevel.None"/>: only errors fail.</summary>
    public QualityLevel MinimumLevel { get; init; } = QualityLevel.None;

    /// <summary>Whether warnings fail <see cref="PluginConformance.AssertAsync"/> too. Default <see langword="false"/>.</summary>
    public bool WarningsAreErrors { get; init; }

    /// <summary>Ids of checks, or of groups (<c>fuzz</c>), that are not run. A skipped check proves nothing: no level above bronze is reached while one is named here.</summary>
    public IReadOnlyList<string> Skip { get; init; } = [];

    /// <summary>Where made-up values begin. The same seed makes the same run. Default 20260131.</summary>
    public int Seed { get; init; } = 20260131;

    /// <summary>Made-up parameter objects per operation and kind (valid, invalid). Default 24.</summary>
    public int FuzzCases { get; init; } = 24;

    /// <summary>
    /// The time a call into the plugin's code may take before it counts as blocked. Default 5 seconds; the hub itself allows 10 for the start. Calls are answered in the process,
    /// so that a working plugin needs milliseconds.
    /// </summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
