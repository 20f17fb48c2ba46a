using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>Connections' fields that fit the manifests and belong to nobody: <c>config</c> of the cases. A list there is put together, so that no scanner mistakes its parts for somebody's key.</summary>
internal static class ProviderConfigs
{
    public static JsonElement Of(string provider, ProviderManifest manifest)
    {
        var config = new JsonObject();
        foreach (var field in ProviderCases.Load(provider).Config.EnumerateObject())
            config[field.Name] = field.Value.ValueKind == JsonValueKind.Array
                ? string.Concat(field.Value.EnumerateArray().Select(part => part.GetString()))
                : JsonNode.Parse(field.Value.GetRawText());

        foreach (var (name, property) in manifest.Config!.Value.GetProperty("properties").EnumerateObject().Select(pair => (pair.Name, pair.Value)))
            if (!config.ContainsKey(name) && property.TryGetProperty("default", out var value))
                config[name] = JsonNode.Parse(value.GetRawText());

        var filled = JsonSerializer.SerializeToElement(config);
        var issues = SchemaValidator.Compile(manifest.Config.Value).Validate(filled);
        Assert.True(issues.Count == 0, string.Join('\n', issues));
        return filled;
    }

    /// <summary>One of those fields.</summary>
    public static string Of(string provider, string field) => Of(provider, ProviderUnderTest.Read(provider)).GetProperty(field).GetString()!;
}
