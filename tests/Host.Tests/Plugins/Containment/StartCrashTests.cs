using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>Plugins that end the process while they start: real hubs, started again as a service manager would.</summary>
public sealed class StartCrashTests
{
    [Theory]
    [InlineData("constructor", "fails-fast")]
    [InlineData("constructor", "overflows")]
    [InlineData("initialize", "exits")]
    public async Task Start_PluginEndedTheProcess_NextStartComesUpWithThatPluginQuarantined(string method, string way)
    {
        using var folders = new PluginFolders();
        var bad = folders.AddMisbehaving(method, way);
        await StartAndDieAsync(folders);

        folders.Add("WellBehaved", "well-behaved");
        await using (var hub = await StartAsync(folders))
        {
            var record = await hub.GetAsync($"/api/plugins/{bad}");
            Assert.Equal("quarantined", record.GetProperty("state").GetString());
            Assert.Contains("process ended while the plugin", record.GetProperty("reason").GetProperty("message").GetString(), StringComparison.Ordinal);
            var connection = await hub.CreateConnectionAsync("well-behaved", new { });
            await hub.PostAsync($"/api/connections/{connection}/operations/run", new { @params = new { } });

            // Enabling tries again, which ends the same way.
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => hub.PostAsync($"/api/plugins/{bad}/enable", new { }));
        }

        await using var third = await StartAsync(folders);
        Assert.Equal("quarantined", (await third.GetAsync($"/api/plugins/{bad}")).GetProperty("state").GetString());
        Assert.Equal("loaded", (await third.GetAsync("/api/plugins/well-behaved")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Start_SeveralWereStarting_EachIsTriedAloneAndOnlyTheGuiltyOneIsQuarantined()
    {
        using var folders = new PluginFolders();
        var bad = folders.AddMisbehaving("initialize", "fails-fast-late");
        var slow = folders.AddMisbehaving("initialize", "slow");

        // Both were starting; then each alone, which tells them apart; then it is known.
        await StartAndDieAsync(folders);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folders.Data, "plugins-starting")).Length);
        await StartAndDieAsync(folders);
        Assert.Single(Directory.GetFiles(Path.Combine(folders.Data, "plugins-starting")));
        await using var hub = await StartAsync(folders);

        Assert.Equal("quarantined", (await hub.GetAsync($"/api/plugins/{bad}")).GetProperty("state").GetString());
        Assert.Equal("loaded", (await hub.GetAsync($"/api/plugins/{slow}")).GetProperty("state").GetString());
    }

    private static Task<HubProcess> StartAsync(PluginFolders folders) =>
        HubProcess.StartAsync(folders.Data, folders.List, variables: new Dictionary<string, string> { ["DOTNET_DbgEnableMiniDump"] = "0" });

    private static async Task StartAndDieAsync(PluginFolders folders) => await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(folders));
}
