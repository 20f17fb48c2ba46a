namespace IntegrationHub.Tests.Support;

/// <summary>Where things stand in the checkout that the tests run from.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The vendors' descriptions and payloads, kept outside the repository: <c>HUB_SHARED</c>, else <c>../shared</c>.</summary>
    public static string Shared { get; } = Environment.GetEnvironmentVariable("HUB_SHARED") is { Length: > 0 } given ? given : Path.Combine(Root, "..", "shared");

    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "global.json")))
                return folder.FullName;

        throw new InvalidOperationException("The tests run outside of a checkout: there is no global.json above them.");
    }
}
