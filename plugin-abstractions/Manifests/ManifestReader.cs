using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests.Rules;
using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests;

/// <summary>Reads and validates manifests. Thread-safe.</summary>
public static class ManifestReader
{
    private static readonly Lazy<string> Text = new(ReadSchema);
    private static readonly Lazy<SchemaValidator> Schema = new(CompileSchema);

    /// <summary>The version of the plugin contract this library implements.</summary>
    public static Version ContractVersion => typeof(ManifestReader).Assembly.GetName().Version!;

    /// <summary>The manifest's JSON schema (draft 7), as <c>$schema</c> names it and editors use it.</summary>
    public static string SchemaText => Text.Value;

    /// <summary>Reads <c>manifest.json</c>: JSON (comments and trailing commas allowed), then the JSON schema, then the semantic rules. Reports every error at once.</summary>
    public static ManifestReadResult Read(ReadOnlyMemory<byte> utf8Json)
    {
        var errors = new List<ValidationIssue>();
        if (ManifestJsonReader.Read(utf8Json, errors, out var id) is not { } root)
            return new ManifestReadResult { Errors = errors, Id = id };

        errors.AddRange(Schema.Value.Validate(root));
        var findings = new ManifestFindings(errors);
        var draft = new ManifestDraft(root);
        foreach (var rule in ManifestRules.All)
            rule.Check(draft, findings);

        var manifest = findings.Errors.Count == 0 ? Deserialize(root, findings) : null;
        return new ManifestReadResult { Manifest = manifest, Errors = findings.Errors, Warnings = findings.Warnings, Id = id };
    }

    /// <summary>Reads a manifest from text.</summary>
    public static ManifestReadResult Read(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Read(Encoding.UTF8.GetBytes(json));
    }

    private static ProviderManifest? Deserialize(JsonElement root, ManifestFindings findings)
    {
        try
        {
            var manifest = root.Deserialize<ProviderManifest>(ManifestJson.Options)!;
            CompiledWebhooksRule.Check(manifest, findings);
            return findings.Errors.Count == 0 ? manifest : null;
        }
        catch (JsonException fault)
        {
            findings.Error("", "The manifest cannot be read.", $"The place is {fault.Path ?? "unknown"}.");
            return null;
        }
    }

    private static string ReadSchema()
    {
        using var stream = typeof(ManifestReader).Assembly.GetManifestResourceStream("manifest.v1.schema.json")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static SchemaValidator CompileSchema()
    {
        using var document = JsonDocument.Parse(SchemaText);
        return SchemaValidator.Compile(document.RootElement);
    }
}

/// <summary>A manifest, or what is wrong with it.</summary>
public sealed record ManifestReadResult
{
    /// <summary>The manifest; <see langword="null"/> when <see cref="Errors"/> is not empty.</summary>
    public ProviderManifest? Manifest { get; init; }

    /// <summary>What makes it unusable.</summary>
    public IReadOnlyList<ValidationIssue> Errors { get; init; } = [];

    /// <summary>What works but should be better (a missing description, an operation without a schema).</summary>
    public IReadOnlyList<ValidationIssue> Warnings { get; init; } = [];

    /// <summary>The id as far as it could be read, even from a faulty manifest.</summary>
    public string? Id { get; init; }
}
