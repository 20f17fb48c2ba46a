using IntegrationHub.Host.Http;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>What is decided about a plugin holds until it is lifted, across restarts, and below the operator's list.</summary>
public sealed class StandingTests : IAsyncDisposable
{
    private static readonly ValidationIssue Reason = new("/entry/type", "It threw 5 times in a minute.", "Report it to its publisher.");
    private readonly InMemoryPluginStateStore states = new();
    private readonly string folder = Directory.CreateTempSubdirectory("hub-standing-").FullName;

    public StandingTests() => PluginFolder.WriteVersion(folder, 1);

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Disable_ThenRestart_StaysDisabledUntilEnabled()
    {
        await using (var plugins = await StartAsync())
        {
            var record = await plugins.Host.DisableAsync("replaceable", CancellationToken.None);
            AssertHeld(record, PluginState.Disabled, "through the API");
            Assert.Null(plugins.Catalog.Find("replaceable"));
            await plugins.GoneAsync(1);
        }

        await using (var plugins = await StartAsync())
        {
            AssertHeld(plugins.Record(), PluginState.Disabled, "through the API");
            await plugins.Host.RescanAsync(CancellationToken.None);
            Assert.Null(plugins.Catalog.Find("replaceable"));

            var record = await plugins.Host.EnableAsync("replaceable", CancellationToken.None);
            Assert.Equal((PluginState.Loaded, null, null), (record!.State, record.Reason, record.Since));
            Assert.Equal("1.0.0 one", await plugins.VersionAsync());
            Assert.Empty(states.Rows);
        }
    }

    [Fact]
    public async Task Enable_ListDisables_IsAConflictThatNamesTheList()
    {
        await using var plugins = new TestPluginHost(states: states);
        plugins.WriteList($$"""{ "plugins": [{ "path": "{{folder}}", "enabled": false }] }""");
        await plugins.Host.LoadAllAsync(CancellationToken.None);
        AssertHeld(plugins.Record(), PluginState.Disabled, "plugin list");

        var conflict = await Assert.ThrowsAsync<ProblemException>(() => plugins.Host.EnableAsync("replaceable", CancellationToken.None));
        Assert.Equal(409, conflict.Problem.Status);
        Assert.Contains("plugins.json", Assert.Single(conflict.Problem.Errors!).Hint, StringComparison.Ordinal);

        await plugins.Host.DisableAsync("replaceable", CancellationToken.None);
        plugins.WriteList($$"""{ "plugins": ["{{folder}}"] }""");
        await plugins.Host.RescanAsync(CancellationToken.None);
        AssertHeld(plugins.Record(), PluginState.Disabled, "through the API");
    }

    [Fact]
    public async Task List_DisablesWhatServes_StopsServing()
    {
        await using var plugins = await StartAsync();
        plugins.WriteList($$"""{ "plugins": [{ "path": "{{folder}}", "enabled": false }] }""");
        await plugins.Host.ScanAsync(ScanMode.WhenSettled, CancellationToken.None);

        Assert.Null(plugins.Catalog.Find("replaceable"));
        AssertHeld(plugins.Record(), PluginState.Disabled, "plugin list");
    }

    [Fact]
    public async Task Quarantine_ThenRestart_StaysQuarantinedUntilEnabled()
    {
        await using (var plugins = await StartAsync())
        {
            await plugins.Host.QuarantineAsync("replaceable", Reason, CancellationToken.None);
            Assert.Null(plugins.Catalog.Find("replaceable"));
            AssertHeld(plugins.Record(), PluginState.Quarantined, Reason.Message);
            Assert.Equal(409, (await Assert.ThrowsAsync<ProblemException>(() => plugins.Host.ReloadAsync("replaceable", CancellationToken.None))).Problem.Status);
        }

        await using (var plugins = await StartAsync())
        {
            AssertHeld(plugins.Record(), PluginState.Quarantined, Reason.Message);
            Assert.Equal(PluginState.Loaded, (await plugins.Host.EnableAsync("replaceable", CancellationToken.None))!.State);
            Assert.Empty(states.Rows);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Quarantine_FilesChange_AreGivenAChance(bool restart)
    {
        var plugins = await StartAsync();
        try
        {
            await plugins.Host.QuarantineAsync("replaceable", Reason, CancellationToken.None);
            PluginFolder.WriteVersion(folder, 2);
            if (restart)
            {
                await plugins.DisposeAsync();
                plugins = await StartAsync();
            }
            else
            {
                await plugins.Host.RescanAsync(CancellationToken.None);
            }

            Assert.Equal("2.0.0 two", await plugins.VersionAsync());
            Assert.Empty(states.Rows);
        }
        finally
        {
            await plugins.DisposeAsync();
        }
    }

    [Fact]
    public async Task Reload_QuarantinedAndFilesChanged_GivesThemAChance()
    {
        await using var plugins = await StartAsync();
        await plugins.Host.QuarantineAsync("replaceable", Reason, CancellationToken.None);
        PluginFolder.WriteVersion(folder, 2);

        Assert.Equal(PluginState.Loaded, (await plugins.Host.ReloadAsync("replaceable", CancellationToken.None))!.State);
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
        Assert.Empty(states.Rows);
    }

    [Fact]
    public async Task Quarantine_OfAReplacedGeneration_LeavesItsSuccessor()
    {
        await using var plugins = await StartAsync();
        var accused = Assert.IsType<GuardedAdapter>(plugins.Catalog.Find("replaceable")!.Adapter).Ledger;
        await plugins.Host.ReloadAsync("replaceable", CancellationToken.None);

        await plugins.Host.QuarantineAsync(accused, Reason, CancellationToken.None);
        Assert.Equal("1.0.0 one", await plugins.VersionAsync());

        accused = Assert.IsType<GuardedAdapter>(plugins.Catalog.Find("replaceable")!.Adapter).Ledger;
        await plugins.Host.QuarantineAsync(accused, Reason, CancellationToken.None);
        AssertHeld(plugins.Record(), PluginState.Quarantined, Reason.Message);
    }

    [Fact]
    public async Task Rescan_StoreIsBroken_OtherPluginsAreBroughtUpToDateAllTheSame()
    {
        await using var plugins = await StartAsync();
        await plugins.Host.QuarantineAsync("replaceable", Reason, CancellationToken.None);
        PluginFolder.WriteVersion(folder, 2);
        plugins.WriteList($$"""{ "plugins": ["{{folder}}", "{{plugins.WritePlugin("other", TestPluginHost.Manifest("other"))}}"] }""");
        states.Broken = true;
        await plugins.Host.RescanAsync(CancellationToken.None);

        Assert.NotNull(plugins.Catalog.Find("other"));
        Assert.Contains("failed to bring the plugin up to date", Assert.Single(plugins.Record().PendingErrors).Message, StringComparison.Ordinal);

        // The next look tries again.
        states.Broken = false;
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Empty(plugins.Record().PendingErrors);
        Assert.Equal("2.0.0 two", await plugins.VersionAsync());
    }

    [Fact]
    public async Task Quarantine_StoreIsBroken_StopsServingAllTheSame()
    {
        await using var plugins = await StartAsync();
        states.Broken = true;

        await Assert.ThrowsAsync<IOException>(() => plugins.Host.QuarantineAsync("replaceable", Reason, CancellationToken.None));

        Assert.Null(plugins.Catalog.Find("replaceable"));
        AssertHeld(plugins.Record(), PluginState.Quarantined, Reason.Message);
        await plugins.Host.RescanAsync(CancellationToken.None);
        Assert.Null(plugins.Catalog.Find("replaceable"));
    }

    [Fact]
    public async Task Disable_StoreIsBroken_ChangesNothing()
    {
        await using var plugins = await StartAsync();
        states.Broken = true;

        await Assert.ThrowsAsync<IOException>(() => plugins.Host.DisableAsync("replaceable", CancellationToken.None));

        Assert.Equal("1.0.0 one", await plugins.VersionAsync());
        Assert.Equal(PluginState.Loaded, plugins.Record().State);
    }

    [Fact]
    public async Task DisableAndQuarantine_Both_EnableLiftsBoth()
    {
        await using var plugins = await StartAsync();
        await plugins.Host.QuarantineAsync("replaceable", Reason, CancellationToken.None);
        AssertHeld(await plugins.Host.DisableAsync("replaceable", CancellationToken.None), PluginState.Disabled, "through the API");

        Assert.Equal(PluginState.Loaded, (await plugins.Host.EnableAsync("replaceable", CancellationToken.None))!.State);
        Assert.Empty(states.Rows);
    }

    private async Task<TestPluginHost> StartAsync()
    {
        var plugins = new TestPluginHost(states: states);
        await plugins.LoadAsync(folder);
        return plugins;
    }

    private static void AssertHeld(PluginRecord? record, PluginState state, string reason)
    {
        Assert.NotNull(record);
        Assert.Equal((state, (int?)null), (record.State, record.Generation));
        Assert.Contains(reason, record.Reason!.Message, StringComparison.Ordinal);
        Assert.NotNull(record.Reason.Hint);
    }
}
