using IntegrationHub.Loading.Compatibility;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Plugins.Compatibility;

/// <summary>A plugin folder of a test's own.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hub-compat-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public CompatibilityReport Check(string type = "Made.Adapter", string assembly = "Made.dll", string? hostApi = null) =>
        PluginCompatibility.Check(Path, Manifest(type, assembly, hostApi));

    public static CompatibilityReport Check(TestImage image, string type = "Made.Adapter", string? hostApi = null)
    {
        using var folder = new TestFolder();
        image.Write(folder.Path);
        return folder.Check(type, image.Name + ".dll", hostApi);
    }

    /// <summary>The single error, which must say all of this and what to do.</summary>
    public static void AssertOne(IReadOnlyList<ValidationIssue> issues, string pointer, params string[] says)
    {
        Assert.True(issues.Count == 1, string.Join('\n', issues));
        AssertSome(issues, pointer, says);
    }

    public static void AssertSome(IReadOnlyList<ValidationIssue> issues, string pointer, params string[] says)
    {
        var issue = issues.FirstOrDefault(candidate => candidate.Pointer == pointer && says.All(part => candidate.Message.Contains(part, StringComparison.Ordinal)));
        Assert.True(issue is not null, string.Join('\n', issues));
        Assert.False(string.IsNullOrWhiteSpace(issue.Hint));
    }

    private static ProviderManifest Manifest(string type, string assembly, string? hostApi)
    {
        var manifest = new ProviderManifest { ManifestVersion = 1, Id = "made", Name = "Made", Version = "1.0.0", Category = "developer", Entry = new EntryManifest { Assembly = assembly, Type = type } };
        return hostApi is null ? manifest : manifest with { HostApi = hostApi };
    }
}
