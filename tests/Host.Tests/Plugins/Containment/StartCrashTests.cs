using System.Diagnostics;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>Plugins that end the process: real hubs, started again as a service manager would.</summary>
public sealed class StartCrashTests
{
    [Theory]
    [InlineData("constructor", "fails-fast")]
    [InlineData("constructor", "overflows")]
    [InlineData("constructor", "exits")]
    [InlineData("initialize", "fails-fast")]
    [InlineData("initialize", "exits")]
    public async Task Start_PluginEndedTheProcess_NextStartComesUpWithThatPluginQuarantined(string method, string way)
    {
        using var folders = new PluginFolders();
        var bad = folders.AddMisbehaving(method, way);
        await StartAndDieAsync(folders);

        folders.Add("WellBehaved", "well-behaved");
        await using (var hub = await StartAsync(folders))
        {
            AssertQuarantined(await hub.GetAsync($"/api/plugins/{bad}"), "process ended while the plugin");
            await AssertServesAsync(hub, "well-behaved");

            // Enabling tries again, which ends the same way.
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => hub.PostAsync($"/api/plugins/{bad}/enable", new { }));
        }

        await using (var third = await StartAsync(folders))
        {
            AssertQuarantined(await third.GetAsync($"/api/plugins/{bad}"), "process ended while the plugin");
            await AssertServesAsync(third, "well-behaved");
            Assert.Contains((await third.ListAsync("/api/audit")), entry => IsAbout(entry, "plugin.quarantined", bad) && entry.GetProperty("actor").GetString() == "system");

            // Once it starts, enabling is all it takes.
            await File.WriteAllTextAsync(folders.Cure, "");
            Assert.Equal("loaded", State(await third.PostAsync($"/api/plugins/{bad}/enable", new { })));
            await AssertServesAsync(third, bad);
            Assert.Contains((await third.ListAsync("/api/audit")), entry => IsAbout(entry, "plugin.enabled", bad));
        }

        await using var fourth = await StartAsync(folders);
        Assert.Equal("loaded", State(await fourth.GetAsync($"/api/plugins/{bad}")));
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

        Assert.Equal("quarantined", State(await hub.GetAsync($"/api/plugins/{bad}")));
        Assert.Equal("loaded", State(await hub.GetAsync($"/api/plugins/{slow}")));
    }

    [Fact]
    public async Task Execute_PluginExitsTheProcess_NextStartComesUpWithThatPluginQuarantined()
    {
        using var folders = new PluginFolders();
        folders.Add("WellBehaved", "well-behaved");
        var bad = folders.AddMisbehaving("execute", "exits");
        string connection;
        await using (var hub = await StartAsync(folders))
        {
            connection = await hub.CreateConnectionAsync(bad, new { });
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => RunAsync(hub, connection));
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            await hub.WaitForExitAsync(patience.Token);
        }

        await using var next = await StartAsync(folders);
        AssertQuarantined(await next.GetAsync($"/api/plugins/{bad}"), "Environment.Exit");
        await AssertServesAsync(next, "well-behaved");
        await File.WriteAllTextAsync(folders.Cure, "");
        Assert.Equal("loaded", State(await next.PostAsync($"/api/plugins/{bad}/enable", new { })));
        await RunAsync(next, connection);
    }

    [Fact]
    public async Task Stop_PluginLeavesAThreadThatNeverEnds_EndsAllTheSame()
    {
        using var folders = new PluginFolders();
        var bad = folders.AddMisbehaving("initialize", "stays");
        await using var hub = await StartAsync(folders);
        await AssertServesAsync(hub, bad);

        Assert.Equal(0, await hub.StopAsync());
    }

    [SkippableFact]
    public async Task Start_ToldToStopWhileAPluginStarts_EndsProperlyAndBlamesNobody()
    {
        Require.Program("kill");
        using var folders = new PluginFolders();
        folders.AddMisbehaving("initialize", "never");
        var markers = Path.Combine(folders.Data, "plugins-starting");
        bool IsStarting() => Directory.Exists(markers) && Directory.EnumerateFiles(markers).Any();
        string[] command = [Path.Combine(AppContext.BaseDirectory, "hub.dll"), "--data", folders.Data, "--plugins", folders.List, "--urls", "http://127.0.0.1:0", "--Serilog:MinimumLevel:Default", "Fatal"];
        using var hub = Process.Start(new ProcessStartInfo("dotnet", command))!;
        while (!hub.HasExited && !IsStarting())
            await Task.Delay(TimeSpan.FromMilliseconds(20));

        using (var kill = Process.Start("kill", ["-TERM", hub.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();

        await hub.WaitForExitAsync();

        Assert.Equal(0, hub.ExitCode);
        Assert.False(IsStarting());
    }

    private static Task<HubProcess> StartAsync(PluginFolders folders) =>
        HubProcess.StartAsync(folders.Data, folders.List, variables: new Dictionary<string, string> { ["DOTNET_DbgEnableMiniDump"] = "0" });

    private static async Task StartAndDieAsync(PluginFolders folders) => await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(folders));

    private static async Task AssertServesAsync(HubProcess hub, string plugin) => await RunAsync(hub, await hub.CreateConnectionAsync(plugin, new { }, alias: Guid.NewGuid().ToString("N")[..8]));

    private static Task<JsonElement> RunAsync(HubProcess hub, string connection) => hub.PostAsync($"/api/connections/{connection}/operations/run", new { @params = new { } });

    private static void AssertQuarantined(JsonElement record, string why)
    {
        Assert.Equal("quarantined", State(record));
        Assert.Contains(why, record.GetProperty("reason").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static bool IsAbout(JsonElement entry, string action, string plugin) => entry.GetProperty("action").GetString() == action && entry.GetProperty("target").GetString() == plugin;

    private static string State(JsonElement record) => record.GetProperty("state").GetString()!;
}
