using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Providers;

/// <summary>What the manifests promise of themselves.</summary>
public sealed class ManifestTests
{
    public static TheoryData<string> Providers => [.. ProviderUnderTest.Ids];

    [Theory]
    [MemberData(nameof(Providers))]
    public void Read_ShippedManifest_HasNeitherErrorsNorWarnings(string provider)
    {
        var read = ManifestReader.Read(ProviderUnderTest.Source(provider));

        Assert.True(read.Errors.Count == 0, string.Join('\n', read.Errors));
        Assert.True(read.Warnings.Count == 0, string.Join('\n', read.Warnings));
        Assert.Equal(provider, read.Manifest!.Id);
        Assert.True(File.Exists(Repository.At("plugins", provider, read.Manifest.Icon!)));
    }

    [Fact]
    public void Read_ItemOutsideOfAList_IsAnError()
    {
        var manifest = JsonNode.Parse(ProviderUnderTest.Source("stripe").Span)!;
        manifest["operations"]!["createCheckoutSession"]!["implements"]!["params"]!["client_reference_id"] = "{item.sku}";

        var error = Assert.Single(ManifestReader.Read(JsonSerializer.SerializeToUtf8Bytes(manifest)).Errors);

        Assert.Equal("/operations/createCheckoutSession/implements/params/client_reference_id", error.Pointer);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public void Texts_EveryOne_IsInEnglishAndArabic(string provider)
    {
        var missing = new List<string>();
        Walk(JsonDocument.Parse(ProviderUnderTest.Source(provider)).RootElement, "", missing);
        Assert.True(missing.Count == 0, string.Join('\n', missing));

        static void Walk(JsonElement element, string pointer, List<string> missing)
        {
            if (element.ValueKind == JsonValueKind.Array)
                foreach (var (index, item) in element.EnumerateArray().Index())
                    Walk(item, $"{pointer}/{index}", missing);

            if (element.ValueKind != JsonValueKind.Object)
                return;

            var english = element.TryGetProperty("en", out var en) && en.ValueKind == JsonValueKind.String;
            if (english && !(element.TryGetProperty("ar", out var ar) && ar.GetString() is { } text && text.Any(letter => letter is >= '\u0621' and <= '\u064a')))
                missing.Add(pointer);

            foreach (var property in element.EnumerateObject())
                Walk(property.Value, $"{pointer}/{property.Name}", missing);
        }
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public void Operations_EveryOne_IsDescribedAndDocumented(string provider)
    {
        var manifest = ProviderUnderTest.Read(provider);
        Assert.All(manifest.Operations, pair =>
        {
            Assert.NotNull(pair.Value.Title);
            Assert.NotNull(pair.Value.Description);
            Assert.StartsWith("https://", pair.Value.Docs, StringComparison.Ordinal);
            Assert.NotNull(pair.Value.Params);
            Assert.NotNull(pair.Value.Result);
            _ = SchemaValidator.Compile(pair.Value.Params.Value);
            _ = SchemaValidator.Compile(pair.Value.Result.Value);
        });
        Assert.NotEmpty(manifest.Setup);
        Assert.NotEmpty(manifest.Tests);
        Assert.NotNull(manifest.Limits);
        Assert.NotNull(manifest.Retry);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public void Cases_ByTheManifestsSchemas_AreValid(string provider)
    {
        var manifest = ProviderUnderTest.Read(provider);
        Assert.All(ProviderCases.Load(provider).All, call =>
        {
            var issues = SchemaValidator.Compile(manifest.Operations[call.Operation].Params!.Value).Validate(call.Parameters);
            Assert.True(issues.Count == 0, $"{call.Operation}, {call.Name}: {string.Join('\n', issues)}");
        });
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public void Cases_OfAllOperations_UseEveryDeclaredParameter(string provider)
    {
        var manifest = ProviderUnderTest.Read(provider);
        var cases = ProviderCases.Load(provider).All.ToLookup(call => call.Operation);
        var unused = manifest.Operations.SelectMany(pair =>
        {
            var declared = new HashSet<string>(StringComparer.Ordinal);
            Declared(pair.Value.Params!.Value, pair.Key, declared);
            foreach (var call in cases[pair.Key])
                Used(call.Parameters, pair.Key, declared);

            return declared;
        });

        Assert.Empty(unused);
        Assert.Equal(manifest.Operations.Keys.Order(), cases.Select(group => group.Key).Order());

        static void Declared(JsonElement schema, string path, HashSet<string> into)
        {
            if (schema.TryGetProperty("anyOf", out var alternatives))
                foreach (var alternative in alternatives.EnumerateArray())
                    Declared(alternative, path, into);

            if (schema.TryGetProperty("items", out var items))
                Declared(items, path, into);

            if (schema.TryGetProperty("properties", out var properties))
                foreach (var property in properties.EnumerateObject())
                {
                    into.Add($"{path}.{property.Name}");
                    Declared(property.Value, $"{path}.{property.Name}", into);
                }
        }

        static void Used(JsonElement value, string path, HashSet<string> remaining)
        {
            if (value.ValueKind == JsonValueKind.Array)
                foreach (var item in value.EnumerateArray())
                    Used(item, path, remaining);

            if (value.ValueKind == JsonValueKind.Object)
                foreach (var property in value.EnumerateObject())
                {
                    remaining.Remove($"{path}.{property.Name}");
                    Used(property.Value, $"{path}.{property.Name}", remaining);
                }
        }
    }
}
