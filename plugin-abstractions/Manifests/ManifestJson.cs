using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using IntegrationHub.Manifests.Json;

namespace IntegrationHub.Manifests;

/// <summary>How manifests are written as JSON. What is written here is read back the same by <see cref="ManifestReader"/>. Thread-safe.</summary>
public static class ManifestJson
{
    /// <summary>
    /// The options for manifests and their parts, read-only: camel case, durations as <c>5m</c>, enums as the manifest spells them, absent values left out,
    /// characters of every script readable. They validate nothing: read manifests with <see cref="ManifestReader"/>.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>A manifest as indented JSON text. Comments and keys that begin with <c>x-</c> are not kept by <see cref="ProviderManifest"/> and so are not written.</summary>
    public static string Serialize(ProviderManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return JsonSerializer.Serialize(manifest, Options);
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
            WriteIndented = true,
            MaxDepth = 128,
            Converters =
            {
                new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
                new DurationConverter(),
                new BodyManifestConverter(),
                new ErrorsManifestConverter(),
                new EnvironmentManifestConverter(),
            },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
