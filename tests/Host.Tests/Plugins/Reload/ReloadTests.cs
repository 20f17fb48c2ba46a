using IntegrationHub.Host.Http;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Loading;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>What serves follows the files, at every reload anew.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private TestPluginHost plugins = null!;
    private string folder = "";

    public async Task InitializeAsync()
    {
        plugins = await TestPluginHost.StartAsync();
        folder = PluginFolder.WriteVersion(Path.Combine(plugins.Folder, "p", "replaceable"), 1);
        plugins.WriteList("""{ "plugins": ["p/*"] }""");
        await plugins.Host.RescanAsync(CancellationToken.None);
    }

    public async Task DisposeAsync() => await plugins.DisposeAsync();

    [Fact]
    public void Load_Plugin_RunsFromACopyOfItsWholeFolder()
    {
        var record = plugins.Record();
        Assert.Equal(PluginDigest.Compute(folder), record.Sha256);
        Assert.Equal(1, record.Generation);

        var copy = Assert.Single(Directory.GetDirectories(Path.Combine(plugins.Folder, "data", "plugins-shadow", "replaceable")));
        Assert.StartsWith(record.Sha256![..12] + "-", Path.GetFileName(copy), StringComparison.Ordinal);
        Assert.Equal(PluginFiles.List(folder), PluginFiles.List(copy));
        var adapter = Assert.IsType<GuardedAdapter>(plugins.Catalog.Find("replaceable")!.Adapter).Plugin!;
        Assert.Equal(Path.Combine(copy, "Replaceable.dll"), adapter.GetType().Assembly.Location);
    }

    [Fact]
    public async Task Reload_FilesOverwrittenWhileLoaded_ServesTheNewVersionAndTheOldLeavesMemory()
    {
        Assert.Equal("1.0.0 one", await plugins.VersionAsync());
        PluginFolder.WriteVersion(folder, 2);
        Assert.Equal("1.0.0 one", await plugins.VersionAsync());

        var record = await plugins.Host.ReloadAsync("replaceable", CancellationToken.None);

        Assert.Equal(("2.0.0", 2, PluginState.Loaded), (record!.Version, record.Generation, record.State));
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
        await plugins.GoneAsync(1);
        Assert.Single(Directory.GetDirectories(Path.Combine(plugins.Folder, "data", "plugins-shadow", "replaceable")));
    }

    [Fact]
    public async Task Load_FolderDeletedBeforeTheFirstCall_ServesWhatItLoadsLater()
    {
        Directory.Delete(folder, recursive: true);

        // The library is loaded by this call.
        Assert.Equal("1.0.0 one", await plugins.VersionAsync());
    }

    [Fact]
    public async Task Reload_NothingChanged_LoadsAgainWithFreshStatics()
    {
        Assert.Equal(1, (await plugins.RunAsync("replaceable")).GetProperty("runs").GetInt32());
        Assert.Equal(2, (await plugins.RunAsync("replaceable")).GetProperty("runs").GetInt32());

        Assert.Equal(2, (await plugins.Host.ReloadAsync("replaceable", CancellationToken.None))!.Generation);

        Assert.Equal(1, (await plugins.RunAsync("replaceable")).GetProperty("runs").GetInt32());
    }

    [Theory]
    [InlineData("{ \"manifestVersion\": 1,", "1.0.0 one")]
    [InlineData("""{ "manifestVersion": 1, "id": "replaceable", "name": "x" }""", "1.0.0 one")]
    [InlineData("absent", "1.0.0 one")]
    [InlineData("no dll", "1.0.0 one")]
    [InlineData("junk dll", "1.0.0 one")]
    public async Task Reload_NewVersionIsBroken_OldServesOnAndBothAreTold(string damage, string version)
    {
        var manifest = Path.Combine(folder, "manifest.json");
        PluginFolder.WriteVersion(folder, 2);
        switch (damage)
        {
            case "absent":
                File.Delete(manifest);
                break;
            case "no dll":
                File.Delete(Path.Combine(folder, "Replaceable.dll"));
                break;
            case "junk dll":
                await File.WriteAllTextAsync(Path.Combine(folder, "Replaceable.dll"), "MZ, and then nothing");
                break;
            default:
                await File.WriteAllTextAsync(manifest, damage);
                break;
        }

        var record = await plugins.Host.ReloadAsync("replaceable", CancellationToken.None);

        Assert.Equal((PluginState.Loaded, "1.0.0", 1), (record!.State, record.Version, record.Generation));
        Assert.Empty(record.Errors);
        Assert.NotEmpty(record.PendingErrors);
        Assert.DoesNotContain(record.PendingErrors, issue => issue.Message.Contains("plugins-shadow", StringComparison.Ordinal));
        Assert.Equal(version, await plugins.VersionAsync());
        Assert.Single(Directory.GetDirectories(Path.Combine(plugins.Folder, "data", "plugins-shadow", "replaceable")));

        PluginFolder.WriteVersion(folder, 2);
        record = await plugins.Host.ReloadAsync("replaceable", CancellationToken.None);
        Assert.Empty(record!.PendingErrors);
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
    }

    [Fact]
    public async Task Reload_UnknownPlugin_IsNothing()
    {
        Assert.Null(await plugins.Host.ReloadAsync("other", CancellationToken.None));
        Assert.Null(await plugins.Host.EnableAsync("other", CancellationToken.None));
        Assert.Null(await plugins.Host.DisableAsync("other", CancellationToken.None));
        await plugins.Host.QuarantineAsync("other", new("", "x"), CancellationToken.None);
    }

    [Fact]
    public async Task Reload_ManyAtOnce_HappenOneAfterTheOther()
    {
        var records = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => plugins.Host.ReloadAsync("replaceable", CancellationToken.None))));

        Assert.Equal(9, plugins.Record().Generation);
        Assert.All(records, record => Assert.Equal(PluginState.Loaded, record!.State));
        await plugins.GoneAsync(8);
    }

    [Fact]
    public async Task Rescan_FoldersComeGoAndChange_FollowsThem()
    {
        plugins.WritePlugin("p/plain", TestPluginHost.Manifest("plain"));
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Equal(["plain", "replaceable"], plugins.Catalog.All.Select(provider => provider.Id));
        Assert.Equal(1, plugins.Record().Generation);

        PluginFolder.WriteVersion(folder, 2);
        Directory.Delete(Path.Combine(plugins.Folder, "p", "plain"), recursive: true);
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Equal(["replaceable"], plugins.Catalog.All.Select(provider => provider.Id));
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
        Assert.Null(plugins.Registry.Find("plain"));

        plugins.WriteList("""{ "plugins": [] }""");
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Empty(plugins.Catalog.All);
        await PluginFolder.EventuallyAsync(() => plugins.Registry.Retired.Count == 0);
    }

    [Theory]
    [InlineData("{ \"plugins\": [")]
    [InlineData("")]
    [InlineData(null)]
    public async Task Rescan_ListCannotBeRead_WhatServesServesOn(string? list)
    {
        if (list is null)
            File.Delete(Path.Combine(plugins.Folder, "plugins.json"));
        else
            plugins.WriteList(list);

        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.Equal("1.0.0 one", await plugins.VersionAsync());
        Assert.Equal(1, plugins.Record().Generation);
        Assert.Equal(1, plugins.Registry.List!.Errors.Count + plugins.Registry.List.Warnings.Count);
    }

    [Fact]
    public async Task Reload_IdChanged_OldIdServesNoMore()
    {
        PluginFolder.WriteVersion(folder, 2, "renamed");
        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.Equal(["renamed"], plugins.Catalog.All.Select(provider => provider.Id));
        Assert.Null(plugins.Registry.Find("replaceable"));
        Assert.Equal("2.0.0 two", await plugins.VersionAsync("renamed"));
        await PluginFolder.EventuallyAsync(() => plugins.Registry.Retired.Count == 0);
    }

    [Fact]
    public async Task Rescan_SecondFolderOfAnId_WaitsUntilTheFirstLetsGo()
    {
        var second = PluginFolder.WriteVersion(Path.Combine(plugins.Folder, "p", "aaa"), 2);
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Equal("1.0.0 one", await plugins.VersionAsync());
        Assert.Equal([PluginState.Failed, PluginState.Loaded], plugins.Registry.All.Select(record => record.State));
        Assert.Contains(second, Assert.Single(plugins.Registry.All[0].Errors).Message, StringComparison.Ordinal);

        Directory.Delete(folder, recursive: true);
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
        Assert.Equal([PluginState.Loaded], plugins.Registry.All.Select(record => record.State));
    }

    [Fact]
    public async Task Reload_ManifestOnlyPlugin_ServesTheNewManifest()
    {
        var plain = plugins.WritePlugin("p/plain", TestPluginHost.Manifest("plain"));
        await plugins.Host.RescanAsync(CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(plain, "manifest.json"), TestPluginHost.Manifest("plain").Replace("1.0.0", "1.1.0", StringComparison.Ordinal));
        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.Equal("1.1.0", plugins.Catalog.Find("plain")!.Manifest.Version);
        await plugins.GoneAsync(1, "plain");
    }

    [Fact]
    public async Task Dispose_WhileReloading_NothingServesAfterwards()
    {
        var reloads = Enumerable.Range(0, 8).Select(_ => Task.Run(() => plugins.Host.ReloadAsync("replaceable", CancellationToken.None))).ToArray();
        await reloads[0];
        await plugins.Host.DisposeAsync();

        // Those that came too late say so.
        await Task.WhenAll(reloads).ContinueWith(ended => Assert.True(ended.IsCompletedSuccessfully || ended.IsCanceled), TaskScheduler.Default);
        Assert.Empty(plugins.Catalog.All);
    }

    [Fact]
    public async Task Change_ManyWaysAtOnce_EndsAsTheFilesSay()
    {
        using var over = new CancellationTokenSource();
        var scanning = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                await plugins.Host.ScanAsync(ScanMode.WhenSettled, CancellationToken.None);
        });
        var changing = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            for (var round = 0; round < 10; round++)
            {
                try
                {
                    _ = ((i + round) % 4) switch
                    {
                        0 => await plugins.Host.ReloadAsync("replaceable", CancellationToken.None),
                        1 => await plugins.Host.DisableAsync("replaceable", CancellationToken.None),
                        2 => await plugins.Host.EnableAsync("replaceable", CancellationToken.None),
                        _ => await QuarantineAsync(),
                    };
                }
                catch (ProblemException held) when (held.Problem.Status == 409)
                {
                    // Disabled or quarantined just now.
                }
            }
        })).ToArray();
        await Task.WhenAll(changing);
        PluginFolder.WriteVersion(folder, 2);
        await over.CancelAsync();
        await scanning;

        Assert.Equal(PluginState.Loaded, (await plugins.Host.EnableAsync("replaceable", CancellationToken.None))!.State);
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
        Assert.Single(plugins.Catalog.All);
        await plugins.GoneAsync(plugins.Record().Generation!.Value - 1);
        Assert.Equal(plugins.Record().Generation - 1, plugins.Record().Unloaded);

        async Task<PluginRecord?> QuarantineAsync()
        {
            await plugins.Host.QuarantineAsync("replaceable", new("", "x", "y"), CancellationToken.None);
            return null;
        }
    }

    [Fact]
    public async Task Reload_Disabled_IsAConflict()
    {
        await plugins.Host.DisableAsync("replaceable", CancellationToken.None);

        var conflict = await Assert.ThrowsAsync<ProblemException>(() => plugins.Host.ReloadAsync("replaceable", CancellationToken.None));

        Assert.Equal(409, conflict.Problem.Status);
        Assert.Null(plugins.Catalog.Find("replaceable"));
    }
}
