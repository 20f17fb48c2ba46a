using IntegrationHub.Host.Plugins.Install;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Install;

public sealed class StagingFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hub-staging-").FullName;

    private string Target => Path.Combine(root, "acme");

    [Fact]
    public void Dispose_FormerFilesAreStillThere_KeepsThemAndTheNextStartPutsThemBack()
    {
        Write(Target, "1");
        using (var staging = StagingFolder.Create(root, NullLogger.Instance))
        {
            Write(staging.Files, "2");
            staging.Swap(Target);
        }

        StagingFolder.Recover(root, NullLogger.Instance);

        Assert.Equal("1", Read());
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(root, InstalledPlugins.StagingName)));
    }

    [Fact]
    public void Confirm_AnEarlierAttemptLeftFormerFiles_TheyDoNotComeBack()
    {
        Write(Target, "1");
        using (var failed = StagingFolder.Create(root, NullLogger.Instance))
        {
            Write(failed.Files, "2");
            failed.Swap(Target);
        }

        using (var staging = StagingFolder.Create(root, NullLogger.Instance))
        {
            Write(staging.Files, "3");
            staging.Swap(Target);
            staging.Confirm(Target);
        }

        StagingFolder.Recover(root, NullLogger.Instance);

        Assert.Equal("3", Read());
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static void Write(string folder, string text) => File.WriteAllText(Path.Combine(Directory.CreateDirectory(folder).FullName, "manifest.json"), text);

    private string Read() => File.ReadAllText(Path.Combine(Target, "manifest.json"));
}
