using System.Reflection;

namespace IntegrationHub.Abstractions.Tests.PublicApi;

/// <summary>What plugins and their tests are built against changes only when somebody means it to.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Abstractions_IsAsCommitted() => AssertCommitted(typeof(IntegrationHub.Adapters.IProviderAdapter).Assembly, "plugin-abstractions/PublicApi.txt");

    [Fact]
    public void Testing_IsAsCommitted() => AssertCommitted(typeof(IntegrationHub.Testing.PluginConformance).Assembly, "plugin-abstractions/Testing/PublicApi.txt");

    private static void AssertCommitted(Assembly assembly, string file)
    {
        var path = Path.Combine(RepositoryRoot(), file);
        var now = ApiText.Render(assembly);
        if (Environment.GetEnvironmentVariable("HUB_UPDATE_API") == "1")
            File.WriteAllText(path, now);

        var changes = ApiChanges.Between(File.Exists(path) ? File.ReadAllText(path) : "", now);
        Assert.True(changes.IsEmpty, changes.Explain(file));
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Hub.sln")))
                return folder.FullName;

        throw new DirectoryNotFoundException("These tests run inside the repository.");
    }
}
