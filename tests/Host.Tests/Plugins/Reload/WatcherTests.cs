using IntegrationHub.Host.Plugins;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>Real folders under a real watcher: what changes is loaded without being asked, and without waiting for the next look.</summary>
public sealed class WatcherTests : IAsyncLifetime
{
    private readonly TestPluginHost plugins = Create();
    private PluginWatcher watcher = null!;
    private string folder = "";

    private IEnumerable<string> Actions => plugins.Audit.Entries.Select(entry => $"{entry.Action} {entry.Target} by {entry.Actor}");

    public async Task InitializeAsync()
    {
        folder = Path.Combine(plugins.Folder, "p", "replaceable");
        Directory.CreateDirectory(Path.Combine(plugins.Folder, "p"));
        plugins.WriteList("""{ "plugins": ["p/*"] }""");
        await plugins.Host.LoadAllAsync(CancellationToken.None);
        watcher = Watch(plugins);
        await watcher.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await watcher.StopAsync(CancellationToken.None);
        watcher.Dispose();
        await plugins.DisposeAsync();
    }

    [Fact]
    public async Task Watch_PluginComesChangesAndGoes_FollowsItAndAuditsEachStep()
    {
        PluginFolder.WriteVersion(folder, 1);
        await ServesAsync("1.0.0");
        PluginFolder.WriteVersion(folder, 2);
        await ServesAsync("2.0.0");
        Directory.Delete(folder, recursive: true);
        await ServesAsync(null);

        await PluginFolder.EventuallyAsync(() => Actions.Contains("plugin.unloaded replaceable by system"), () => string.Join(", ", Actions));
        Assert.Equal("plugin.loaded replaceable by system", Actions.First());
        Assert.Contains("plugin.reloaded replaceable by system", Actions);
        await PluginFolder.EventuallyAsync(() => plugins.Registry.Retired.Count == 0, () => string.Join("; ", plugins.Registry.Retired));
    }

    [Fact]
    public async Task Watch_ListChanges_IsReadAgain()
    {
        var elsewhere = PluginFolder.WriteVersion(Path.Combine(plugins.Folder, "elsewhere"), 1);
        plugins.WriteList($$"""{ "plugins": ["{{elsewhere}}"] }""");
        await ServesAsync("1.0.0");

        plugins.WriteList($$"""{ "plugins": [{ "path": "{{elsewhere}}", "enabled": false }] }""");
        await ServesAsync(null);

        // The record is written after the swap.
        await PluginFolder.EventuallyAsync(() => plugins.Record().State == PluginState.Disabled);
    }

    [Fact]
    public async Task Watch_ListedFolderIsReplacedByRename_TheNewFolderIsWatchedToo()
    {
        var listed = PluginFolder.WriteVersion(Path.Combine(plugins.Folder, "listed"), 1);
        plugins.WriteList("""{ "plugins": ["listed"] }""");
        await ServesAsync("1.0.0");

        var incoming = PluginFolder.WriteVersion(Path.Combine(plugins.Folder, "incoming"), 2);
        Directory.Move(listed, Path.Combine(plugins.Folder, "former"));
        Directory.Move(incoming, listed);
        await ServesAsync("2.0.0");

        PluginFolder.WriteVersion(listed, 1);
        await ServesAsync("1.0.0");
    }

    [Fact]
    public async Task Watch_NewVersionIsCopiedSlowly_OldServesUntilItIsWhole()
    {
        PluginFolder.WriteVersion(folder, 1);
        await ServesAsync("1.0.0");
        await plugins.VersionAsync();

        // The manifest first, as the worst copier would, and then the assembly in pieces.
        var source = TestPluginHost.TestPlugin("ReplaceableV2");
        File.Copy(Path.Combine(source, "manifest.json"), Path.Combine(folder, "manifest.json"), overwrite: true);
        File.Copy(Path.Combine(source, "ExampleLibrary.dll"), Path.Combine(folder, "ExampleLibrary.dll"), overwrite: true);
        var assembly = await File.ReadAllBytesAsync(Path.Combine(source, "Replaceable.dll"));
        await using (var target = new FileStream(Path.Combine(folder, "Replaceable.dll"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite))
        {
            for (var at = 0; at < assembly.Length; at += 256)
            {
                Assert.Equal("1.0.0 one", await plugins.VersionAsync());
                await target.WriteAsync(assembly.AsMemory(at, Math.Min(256, assembly.Length - at)));
                await target.FlushAsync();
            }
        }

        await ServesAsync("2.0.0");
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
        await PluginFolder.EventuallyAsync(() => plugins.Record().PendingErrors.Count == 0);
    }

    private static TestPluginHost Create() => new(options: new PluginOptions
    {
        QuietTime = TimeSpan.FromMilliseconds(50), WatchInterval = TimeSpan.FromHours(1), UnloadCheck = TimeSpan.FromMilliseconds(20),
    });

    private static PluginWatcher Watch(TestPluginHost plugins) =>
        new(plugins.Host, plugins.Audit, Options.Create(plugins.Options), TimeProvider.System, NullLogger<PluginWatcher>.Instance);

    private Task ServesAsync(string? version) => PluginFolder.EventuallyAsync(
        () => plugins.Catalog.Find("replaceable")?.Manifest.Version == version,
        () => string.Join("; ", plugins.Registry.All));
}
