using System.Collections.Frozen;
using System.Text.Json;
using IntegrationHub.Manifests;

namespace IntegrationHub.Capabilities;

/// <summary>A provider-neutral action: what every operation that implements it takes and gives. Immutable.</summary>
public sealed record Capability
{
    /// <summary>Its name (<c>payment.create</c>).</summary>
    public required string Name { get; init; }

    /// <summary>What it is called.</summary>
    public required LocalizedText Title { get; init; }

    /// <summary>What it does, and what to mind.</summary>
    public required LocalizedText Description { get; init; }

    /// <summary>JSON schema of the parameters.</summary>
    public required JsonElement Params { get; init; }

    /// <summary>JSON schema of the result.</summary>
    public required JsonElement Result { get; init; }

    /// <summary>What can stand in when nobody can do this, in order.</summary>
    public IReadOnlyList<CapabilityFallback> Fallbacks { get; init; } = [];

    /// <summary>Parameters that are valid.</summary>
    public required JsonElement ExampleParams { get; init; }

    /// <summary>A result that is valid.</summary>
    public required JsonElement ExampleResult { get; init; }
}

/// <summary>A capability that stands in for another one.</summary>
/// <param name="Capability">Its name.</param>
/// <param name="Params">Template that makes its parameters of the other one's (<c>{params.…}</c>). What it makes need not be valid: then it cannot stand in.</param>
public sealed record CapabilityFallback(string Capability, JsonElement Params);

/// <summary>The capabilities this version of the contract knows, read once from the library's own files. Thread-safe.</summary>
public static class CapabilityCatalog
{
    private const string Folder = "capabilities/";
    private static readonly Lazy<FrozenDictionary<string, Capability>> ByName = new(Load);

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<Capability> All { get; } = ByName.Value.Values.OrderBy(capability => capability.Name, StringComparer.Ordinal).ToList();

    /// <summary>The capability of a name; <see langword="null"/> when there is none. Names compare exactly.</summary>
    public static Capability? Find(string name) => ByName.Value.GetValueOrDefault(name);

    private static FrozenDictionary<string, Capability> Load()
    {
        var assembly = typeof(CapabilityCatalog).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => Read(assembly.GetManifestResourceStream(name)!))
            .ToFrozenDictionary(capability => capability.Name, StringComparer.Ordinal);
    }

    private static Capability Read(Stream stream)
    {
        using (stream)
        using (var document = JsonDocument.Parse(stream))
        {
            var json = document.RootElement.Clone();
            return new Capability
            {
                Name = json.GetProperty("capability").GetString()!,
                Title = json.GetProperty("title").Deserialize<LocalizedText>(ManifestJson.Options)!,
                Description = json.GetProperty("description").Deserialize<LocalizedText>(ManifestJson.Options)!,
                Params = json.GetProperty("params"),
                Result = json.GetProperty("result"),
                Fallbacks = json.TryGetProperty("fallbacks", out var fallbacks)
                    ? [.. fallbacks.EnumerateArray().Select(fallback => new CapabilityFallback(fallback.GetProperty("capability").GetString()!, fallback.GetProperty("params")))]
                    : [],
                ExampleParams = json.GetProperty("example").GetProperty("params"),
                ExampleResult = json.GetProperty("example").GetProperty("result"),
            };
        }
    }
}
