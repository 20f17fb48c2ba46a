using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Testing;

/// <summary>What a run of the suite found. Immutable; the same plugin, options and seed give the same report.</summary>
public sealed record ConformanceReport
{
    /// <summary>The plugin's id, as far as it could be read.</summary>
    public string? PluginId { get; init; }

    /// <summary>The plugin's version, as far as it could be read.</summary>
    public string? Version { get; init; }

    /// <summary><c>manifest</c>, or <c>code</c> when the manifest names an <c>entry</c>.</summary>
    public string Kind { get; init; } = "manifest";

    /// <summary>The seed of made-up values.</summary>
    public int Seed { get; init; }

    /// <summary>The highest level of which everything is met, and of every level below it.</summary>
    public QualityLevel Level { get; init; }

    /// <summary>The next level; <see langword="null"/> at the highest.</summary>
    public QualityLevel? NextLevel => Level == QualityLevel.Platinum ? null : Level + 1;

    /// <summary>Whether nothing but warnings was found.</summary>
    public bool Passed => Findings.All(finding => finding.Severity != FindingSeverity.Error);

    /// <summary>The checks in the order in which they ran.</summary>
    public IReadOnlyList<ConformanceCheck> Checks { get; init; } = [];

    /// <summary>Everything that was found, in the order of the checks.</summary>
    public IReadOnlyList<ConformanceFinding> Findings { get; init; } = [];

    /// <summary>Everything the levels ask for, from bronze to platinum, and whether it is met.</summary>
    public IReadOnlyList<QualityRequirement> Requirements { get; init; } = [];

    /// <summary>What the plugin lacks for <see cref="NextLevel"/>.</summary>
    [JsonIgnore]
    public IEnumerable<QualityRequirement> Missing => Requirements.Where(requirement => requirement.Level == NextLevel && !requirement.Met);

    /// <summary>The report for people: findings grouped by check, the level, and what is missing for the next.</summary>
    public string ToText() => ReportText.Write(this);

    /// <summary>The report for programs: indented JSON in camel case, enums as text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Default.ConformanceReport);

    /// <inheritdoc />
    public override string ToString() => ToText();
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ConformanceReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
