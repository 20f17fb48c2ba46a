using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Authoring;

public sealed class ManifestReferenceTests
{
    private static string Page => Repository.At("docs", "plugins", "manifest-reference.md");

    [Fact]
    public void Page_IsWhatTheSchemaSays()
    {
        var current = ManifestReference.Write(ManifestReader.SchemaText);
        if (Environment.GetEnvironmentVariable("HUB_UPDATE_DOCS") == "1")
            File.WriteAllText(Page, current);

        Assert.True(
            File.Exists(Page) && File.ReadAllText(Page).ReplaceLineEndings("\n") == current,
            "docs/plugins/manifest-reference.md is not what the schema says. Run the tests with HUB_UPDATE_DOCS=1, look at the change, and commit it.");
    }

    [Fact]
    public void Write_EveryKeyOfEveryObject_HasALine()
    {
        using var schema = JsonDocument.Parse(ManifestReader.SchemaText);
        var page = ManifestReference.Write(ManifestReader.SchemaText);
        var keys = schema.RootElement.GetProperty("definitions").EnumerateObject().Select(definition => definition.Value).Append(schema.RootElement)
            .Where(definition => definition.TryGetProperty("properties", out _))
            .SelectMany(definition => definition.GetProperty("properties").EnumerateObject())
            .GroupBy(property => property.Name)
            .ToList();

        Assert.NotEmpty(keys);
        Assert.Contains("`dev` → [environment](#environment)", page, StringComparison.Ordinal);
        Assert.All(keys, key => Assert.Equal(key.Count(), page.Split($"| `{key.Key}`").Length - 1));
    }

    [Fact]
    public void Write_EveryLink_LeadsSomewhere()
    {
        var page = ManifestReference.Write(ManifestReader.SchemaText);

        MarkdownLinks.AssertAnchors(page);
    }

    [Fact]
    public void Schema_Category_NamesAllCategories()
    {
        using var schema = JsonDocument.Parse(ManifestReader.SchemaText);
        var description = schema.RootElement.GetProperty("properties").GetProperty("category").GetProperty("description").GetString()!;

        Assert.EndsWith(string.Join(", ", ProviderCategories.All) + ".", description, StringComparison.Ordinal);
    }
}
