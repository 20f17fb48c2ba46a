using System.Text.Json;
using IntegrationHub.Capabilities;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Abstractions.Tests.Capabilities;

public sealed class CapabilityCatalogTests
{
    public static TheoryData<string> Names => new(CapabilityCatalog.All.Select(capability => capability.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void All_EachCapability_HasSchemasThatItsExampleFits(string name)
    {
        var capability = CapabilityCatalog.Find(name)!;

        Assert.Empty(SchemaValidator.Compile(capability.Params).Validate(capability.ExampleParams));
        Assert.Empty(SchemaValidator.Compile(capability.Result).Validate(capability.ExampleResult));
        Assert.NotEmpty(SchemaValidator.Compile(capability.Params).Validate(JsonSerializer.SerializeToElement(new { notAParameter = 1 })));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void All_EachCapability_SpeaksEnglishAndArabicAndDescribesItself(string name)
    {
        var capability = CapabilityCatalog.Find(name)!;

        Assert.All((string[])["en", "ar"], language => Assert.False(string.IsNullOrWhiteSpace(capability.Title.ByLanguage[language])));
        Assert.Contains(capability.Title.ByLanguage["ar"], c => c is >= '\u0600' and <= '\u06FF');
        Assert.All((string[])["en", "ar"], language => Assert.False(string.IsNullOrWhiteSpace(capability.Description.ByLanguage[language])));
        Assert.All(
            capability.Params.GetProperty("properties").EnumerateObject().Concat(capability.Result.GetProperty("properties").EnumerateObject()),
            property => Assert.True(property.Value.TryGetProperty("description", out _), $"{name}: {property.Name} has no description."));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Fallbacks_MadeOfTheExample_AreValidForTheirCapability(string name)
    {
        var capability = CapabilityCatalog.Find(name)!;

        Assert.All(capability.Fallbacks, fallback =>
        {
            var made = Template.Compile(fallback.Params).Render(new TemplateScope().Set("params", capability.ExampleParams));
            Assert.Empty(SchemaValidator.Compile(CapabilityCatalog.Find(fallback.Capability)!.Params).Validate(JsonSerializer.SerializeToElement(made)));
        });
    }

    [Fact]
    public void Fallbacks_OfWhatsApp_AreTextMessages() => Assert.Equal(["sms.send"], CapabilityCatalog.Find("whatsapp.send")!.Fallbacks.Select(fallback => fallback.Capability));

    [Fact]
    public void All_Names_AreSortedAndUniqueAndComplete()
    {
        var names = CapabilityCatalog.All.Select(capability => capability.Name).ToList();

        Assert.Equal(names.Order(StringComparer.Ordinal).Distinct(), names);
        Assert.Equal(47, names.Count);
    }

    [Fact]
    public void Find_UnknownName_IsNull() => Assert.Null(CapabilityCatalog.Find("Payment.Create"));
}
