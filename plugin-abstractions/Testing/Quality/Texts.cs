using System.Text.Json;
using IntegrationHub.Manifests;

namespace IntegrationHub.Testing.Quality;

/// <summary>Which texts that people read are not there in English and Arabic.</summary>
internal static class Texts
{
    private static readonly string[] Languages = ["en", "ar"];
    private static readonly string[] InSchemas = ["title", "description"];

    /// <summary>Where a text is missing, or lacks a language: JSON pointers into the manifest.</summary>
    public static IEnumerable<string> Missing(ProviderManifest manifest)
    {
        var texts = new List<(string Pointer, LocalizedText? Text)> { ("/description", manifest.Description) };
        texts.AddRange(manifest.Setup.Select((step, index) => ($"/setup/{index}", (LocalizedText?)step)));
        texts.AddRange(manifest.Operations.Select(pair => ($"/operations/{pair.Key}/title", pair.Value.Title)));
        texts.AddRange(manifest.Operations.Where(pair => pair.Value.Description is not null).Select(pair => ($"/operations/{pair.Key}/description", pair.Value.Description)));
        texts.AddRange(manifest.Tests.Select((test, index) => ($"/tests/{index}/title", test.Title)));
        texts.AddRange(manifest.Auth.SelectMany((auth, index) => auth.Scopes.Select(scope => ($"/auth/{index}/scopes/{scope.Key}", (LocalizedText?)scope.Value))));
        texts.AddRange(manifest.Auth.Select((auth, index) => (Pointer: $"/auth/{index}/title", Text: auth.Title)).Where(pair => pair.Text is not null));
        texts.AddRange((manifest.Webhooks?.Types ?? new Dictionary<string, LocalizedText>()).Select(pair => ($"/webhooks/types/{pair.Key}", (LocalizedText?)pair.Value)));
        if (manifest.Pricing?.Notes is { } notes)
            texts.Add(("/pricing/notes", notes));

        return texts.Where(pair => !IsWhole(pair.Text)).Select(pair => pair.Pointer)
            .Concat(manifest.Config is { } config ? Schema("/config", config, isField: true) : [])
            .Concat(manifest.Operations.SelectMany(pair => pair.Value.Params is { } parameters ? Schema($"/operations/{pair.Key}/params", parameters, isField: false) : []));
    }

    private static bool IsWhole(LocalizedText? text) => text is not null && Array.TrueForAll(Languages, language => text.ByLanguage.TryGetValue(language, out var words) && !string.IsNullOrWhiteSpace(words));

    /// <summary>Fields of a connection need a title, since people fill them in; parameters may do without, but not with half of one.</summary>
    private static IEnumerable<string> Schema(string pointer, JsonElement schema, bool isField)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
            yield break;

        foreach (var property in properties.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.Object))
        {
            var at = $"{pointer}/properties/{property.Name}";
            foreach (var name in InSchemas)
                if (property.Value.TryGetProperty(name, out var text) ? !IsWhole(text) : isField && name == "title")
                    yield return $"{at}/{name}";

            foreach (var inner in Schema(at, property.Value, isField: false))
                yield return inner;
        }
    }

    private static bool IsWhole(JsonElement text) =>
        text.ValueKind == JsonValueKind.Object && Array.TrueForAll(Languages, language => text.TryGetProperty(language, out var words) && words.ValueKind == JsonValueKind.String && words.GetString()!.Length > 0);
}
