using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>When a change counts as complete: what the watcher does each time it looks.</summary>
public sealed class SettleTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private TestPluginHost plugins = null!;
    private string folder = "";

    private string Manifest => Path.Combine(folder, "manifest.json");

    private string? Served => plugins.Catalog.Find("one")?.Manifest.Version;

    public async Task InitializeAsync()
    {
        plugins = Create(time);
        folder = plugins.WritePlugin("p/one", Text("1.0.0"));
        plugins.WriteList("""{ "plugins": ["p/*"] }""");
        await plugins.Host.LoadAllAsync(CancellationToken.None);
    }

    public async Task DisposeAsync() => await plugins.DisposeAsync();

    [Fact]
    public async Task Look_Change_IsLoadedWhenTwoLooksAgree()
    {
        await File.WriteAllTextAsync(Manifest, Text("1.1.0"));

        Assert.False((await LookAsync()).Settled);
        Assert.Equal("1.0.0", Served);
        var second = await LookAsync();
        Assert.True(second.Settled);
        Assert.Equal("1.1.0", Served);
        var change = Assert.Single(second.Changes);
        Assert.Equal(("plugin.reloaded", "one", "1.1.0", plugins.Record("one").Sha256), (change.Action, change.Id, change.Version, change.Sha256));

        Assert.Empty((await LookAsync()).Changes);
        Assert.Equal(2, plugins.Record("one").Generation);
    }

    [Fact]
    public async Task Look_StillBeingWritten_WaitsAndLoadsOnlyTheEnd()
    {
        for (var i = 1; i < 5; i++)
        {
            await File.WriteAllTextAsync(Manifest, Text($"1.{i}.0"));
            Assert.False((await LookAsync()).Settled);
        }

        await LookAsync();
        Assert.Equal("1.4.0", Served);
        Assert.Equal(2, plugins.Record("one").Generation);
    }

    [Fact]
    public async Task Look_ManifestCutOff_WaitsForTheRest()
    {
        var whole = Text("1.1.0");
        await File.WriteAllTextAsync(Manifest, whole[..(whole.Length / 2)]);
        for (var i = 0; i < 3; i++)
            Assert.False((await LookAsync()).Settled);

        Assert.Empty(plugins.Record("one").PendingErrors);
        await File.WriteAllTextAsync(Manifest, whole);
        await LookAsync();
        await LookAsync();
        Assert.Equal("1.1.0", Served);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Look_IncompleteForTooLong_IsReportedWhileTheOldServes(bool manifestIsGone)
    {
        if (manifestIsGone)
            File.Delete(Manifest);
        else
            await File.WriteAllTextAsync(Manifest, "{");

        await LookAsync();
        await LookAsync();
        Assert.Empty(plugins.Record("one").PendingErrors);
        time.Advance(plugins.Options.SettleLimit);
        await LookAsync();

        Assert.NotEmpty(plugins.Record("one").PendingErrors);
        Assert.Equal("1.0.0", Served);

        await File.WriteAllTextAsync(Manifest, Text("1.2.0"));
        await LookAsync();
        await LookAsync();
        Assert.Equal("1.2.0", Served);
        Assert.Empty(plugins.Record("one").PendingErrors);
    }

    [Fact]
    public async Task Look_NeverTheSameTwice_IsReportedAtTheLimit()
    {
        for (var i = 1; i < 4; i++)
        {
            await File.WriteAllTextAsync(Manifest, Text($"1.{i}.0"));
            await LookAsync();
            time.Advance(plugins.Options.SettleLimit / 2);
        }

        Assert.Contains("kept changing", Assert.Single(plugins.Record("one").PendingErrors).Message, StringComparison.Ordinal);
        Assert.Equal("1.0.0", Served);
        await LookAsync();
        Assert.Equal("1.3.0", Served);
    }

    [Fact]
    public async Task Look_BrokenButComplete_IsReportedAtOnceAndOnlyOnce()
    {
        await File.WriteAllTextAsync(Manifest, """{ "manifestVersion": 1, "id": "one" }""");
        await LookAsync();
        Assert.True((await LookAsync()).Settled);

        var errors = plugins.Record("one").PendingErrors;
        Assert.NotEmpty(errors);
        Assert.True((await LookAsync()).Settled);
        Assert.Same(errors, plugins.Record("one").PendingErrors);
    }

    [Fact]
    public async Task Look_SameLengthAndTime_IsSeenWhenItWasReported()
    {
        var stamp = File.GetLastWriteTimeUtc(Manifest);
        await File.WriteAllTextAsync(Manifest, Text("1.1.0"));
        File.SetLastWriteTimeUtc(Manifest, stamp);
        Assert.True((await LookAsync()).Settled);

        Assert.Equal(folder, plugins.Host.Touch(Manifest));
        await LookAsync();
        await LookAsync();
        Assert.Equal("1.1.0", Served);
    }

    [Fact]
    public async Task Look_NewFolderAndVanishedFolder_FollowsThem()
    {
        plugins.WritePlugin("p/two", Text("1.0.0").Replace("\"one\"", "\"two\"", StringComparison.Ordinal));
        await LookAsync();
        Assert.Equal(["plugin.loaded"], (await LookAsync()).Changes.Select(change => change.Action));

        Directory.Delete(folder, recursive: true);
        Assert.False((await LookAsync()).Settled);
        Assert.Equal(["plugin.unloaded"], (await LookAsync()).Changes.Select(change => change.Action));
        Assert.Equal(["two"], plugins.Catalog.All.Select(provider => provider.Id));
    }

    [Fact]
    public async Task Look_FolderReplacedWhileItLooks_ServesOnUntilTheNewOneIsThere()
    {
        for (var i = 1; i < 4; i++)
        {
            Directory.Delete(folder, recursive: true);
            Assert.False((await LookAsync()).Settled);
            Assert.NotNull(Served);

            Directory.CreateDirectory(folder);
            Assert.False((await LookAsync()).Settled);
            Assert.NotNull(Served);

            await File.WriteAllTextAsync(Manifest, Text($"1.{i}.0"));
            await LookAsync();
            await LookAsync();
            Assert.Equal($"1.{i}.0", Served);
        }
    }

    [Fact]
    public async Task Look_OfWhatTheApiChanges_IsNotTheWatchersToTell()
    {
        await plugins.Host.DisableAsync("one", CancellationToken.None);
        Assert.Empty((await LookAsync()).Changes);
        await plugins.Host.EnableAsync("one", CancellationToken.None);
        Assert.Empty((await LookAsync()).Changes);
    }

    [Fact]
    public async Task Rescan_OfOneFolder_LeavesOthersAlone()
    {
        var two = plugins.WritePlugin("p/two", Text("1.0.0").Replace("\"one\"", "\"two\"", StringComparison.Ordinal));
        plugins.WritePlugin("p/three", Text("1.0.0").Replace("\"one\"", "\"three\"", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);

        await plugins.Host.RescanAsync(two, CancellationToken.None);
        Assert.Equal(["one", "two"], plugins.Catalog.All.Select(provider => provider.Id));
        Assert.Equal(["one", "two"], plugins.Registry.All.Select(record => record.Id).Order());

        Directory.Delete(two, recursive: true);
        await plugins.Host.RescanAsync(two, CancellationToken.None);
        Assert.Equal(["one"], plugins.Catalog.All.Select(provider => provider.Id));

        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Equal(["three"], plugins.Catalog.All.Select(provider => provider.Id));
    }

    [Fact]
    public void Touch_OtherPaths_BelongToNoPlugin()
    {
        Assert.Null(plugins.Host.Touch(folder + "-more/manifest.json"));
        Assert.Null(plugins.Host.Touch(Path.Combine(plugins.Folder, "data", "hub.db-wal")));
        Assert.True(plugins.Host.IsAbove(Path.Combine(plugins.Folder, "p")));
        Assert.False(plugins.Host.IsAbove(Path.Combine(plugins.Folder, "data")));
        Assert.True(plugins.Host.IsList(Path.Combine(plugins.Folder, "plugins.json")));
        Assert.Equal(
            [(plugins.Folder, false), (Path.Combine(plugins.Folder, "p"), true)],
            plugins.Host.WatchedFolders().Select(watched => (watched.Path, watched.Deep)));
    }

    private static TestPluginHost Create(TimeProvider time) => new(time: time);

    private static string Text(string version) => TestPluginHost.Manifest("one").Replace("1.0.0", version, StringComparison.Ordinal);

    private Task<ScanResult> LookAsync() => plugins.Host.ScanAsync(ScanMode.WhenSettled, CancellationToken.None);
}
