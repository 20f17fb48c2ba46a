namespace IntegrationHub.Host.Tests.Plugins.Compatibility;

public sealed class ReferenceRuleTests
{
    private const string Where = "/entry/assembly";

    // SemVer: a patch changes nothing, a minor adds, a major breaks.
    [Theory]
    [InlineData("1.0.0.0")]
    [InlineData("1.0.7.0")]
    public void Check_ContractThisHubHas_IsFine(string version) =>
        Assert.Empty(TestFolder.Check(new TestImage().WithAdapter(version)).Errors);

    [Theory]
    [InlineData("1.1.0.0", "Install a newer hub, with IntegrationHub.Abstractions 1.1")]
    [InlineData("2.0.0.0", "Install a newer hub, with IntegrationHub.Abstractions 2.0")]
    [InlineData("0.9.0.0", "take a version of the plugin made for contract 1")]
    public void Check_ContractOfAnotherVersion_SaysWhichAndWhatToDo(string version, string hint)
    {
        var errors = TestFolder.Check(new TestImage().WithAdapter(version)).Errors;

        TestFolder.AssertOne(errors, Where, $"IntegrationHub.Abstractions {version}", "this hub has 1.0.0.0", "shared with the host");
        Assert.Contains(hint, errors[0].Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_NewerMinorContract_AlsoNamesWhatItUsesOfIt()
    {
        var image = new TestImage().WithAdapter("1.1.0.0");
        image.Calls(image.ContractType("OperationResult", "1.1.0.0"), "Partial", isStatic: true, r => r.Void());

        var errors = TestFolder.Check(image).Errors;

        Assert.Equal(2, errors.Count);
        TestFolder.AssertSome(errors, Where, "needs IntegrationHub.Adapters.OperationResult.Partial()");
    }

    [Fact]
    public void Check_NewerSharedAssembly_SaysSo()
    {
        var image = new TestImage().WithAdapter();
        image.Type("System.Text.Json", "99.0.0.0", "System.Text.Json", "JsonElement");

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "System.Text.Json 99.0.0.0", "shared with the host");
    }

    [Fact]
    public void Check_NewerFramework_IsSaidOnce()
    {
        var image = new TestImage().WithAdapter();
        image.Type("System.Collections", "99.0.0.0", "System.Collections.Generic", "List`1");
        image.Type("System.Net.Http", "99.0.0.0", "System.Net.Http", "HttpClient");

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "needs System.Collections 99.0.0.0", "this hub's .NET");
    }

    [Fact]
    public void Check_AssembliesThatAreNowhere_AreAllNamed()
    {
        var image = new TestImage().WithAdapter();
        image.Type("Absent.One", "1.2.0.0", "A", "B");
        image.Type("Absent.Two", "1.0.0.0", "A", "B");
        image.Type("hub", "1.0.0.0", "IntegrationHub.Host", "HubOptions");

        var errors = TestFolder.Check(image).Errors;

        Assert.Equal(3, errors.Count);
        TestFolder.AssertSome(errors, Where, "Absent.One 1.2.0.0", "not in its folder");
        TestFolder.AssertSome(errors, Where, "Absent.Two");
        TestFolder.AssertSome(errors, Where, "The assembly hub");
    }

    // A library may carry references that its user never comes to need.
    [Fact]
    public void Check_AssemblyThatOnlyALibraryMisses_IsAWarning()
    {
        using var folder = new TestFolder();
        var library = new TestImage("Lib");
        library.Type("Absent", "1.0.0.0", "A", "B");
        library.Write(folder.Path);
        var image = new TestImage().WithAdapter();
        image.Type("Lib", "1.0.0.0", "Lib", "Thing");
        image.Write(folder.Path);

        var report = folder.Check();

        Assert.Empty(report.Errors);
        TestFolder.AssertOne(report.Warnings, Where, "Absent 1.0.0.0", "'Lib.dll'");
    }

    [Fact]
    public void Check_LibrariesThatReferToEachOther_Ends()
    {
        using var folder = new TestFolder();
        foreach (var (name, other) in new[] { ("LibA", "LibB"), ("LibB", "LibA") })
        {
            var library = new TestImage(name);
            library.Type(other, "1.0.0.0", other, "Thing");
            library.Write(folder.Path);
        }

        var image = new TestImage().WithAdapter();
        image.Type("LibA", "1.0.0.0", "LibA", "Thing");
        image.Write(folder.Path);

        Assert.Empty(folder.Check().Errors);
    }

    [Fact]
    public void Check_LibraryThatIsNoAssembly_SaysSo()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("Lib.dll"), "junk");
        var image = new TestImage().WithAdapter();
        image.Type("Lib", "1.0.0.0", "Lib", "Thing");
        image.Write(folder.Path);

        TestFolder.AssertOne(folder.Check().Errors, Where, "'Lib.dll', which the plugin needs, cannot be loaded");
    }

    [Fact]
    public void Check_DepsFileIsNoJson_SaysSo()
    {
        using var folder = new TestFolder();
        new TestImage().WithAdapter().Write(folder.Path);
        File.WriteAllText(folder.File("Made.deps.json"), "{ not json");

        TestFolder.AssertOne(folder.Check().Errors, Where, "'Made.deps.json'");
    }

    [Fact]
    public void Check_CopiesOfSharedAssemblies_AreAWarning()
    {
        using var folder = new TestFolder();
        new TestImage().WithAdapter().Write(folder.Path);
        new TestImage(TestImage.Contract, "9.0.0.0").Write(folder.Path);
        new TestImage("System.Text.Json", "9.0.0.0").Write(folder.Path);

        var report = folder.Check();

        Assert.Empty(report.Errors);
        Assert.Equal(2, report.Warnings.Count);
        TestFolder.AssertSome(report.Warnings, Where, "'IntegrationHub.Abstractions.dll', which is ignored");
    }

    [Theory]
    [InlineData("[1.0,2.0)", 0)]
    [InlineData("1.0", 0)]
    [InlineData("[0.5,2.0)", 1)]
    [InlineData("(,2.0)", 1)]
    [InlineData("[1.1,2.0)", 1)]
    public void Check_HostApiThatTheCodeDoesNotKeep_IsAWarning(string hostApi, int warnings)
    {
        var report = TestFolder.Check(new TestImage().WithAdapter(), hostApi: hostApi);

        Assert.Empty(report.Errors);
        Assert.Equal(warnings, report.Warnings.Count(issue => issue.Pointer == "/hostApi" && issue.Hint == "Write \"[1.0,2.0)\"."));
    }
}
