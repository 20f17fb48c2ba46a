using IntegrationHub.Host.Tests.Plugins;
using IntegrationHub.Host.Tests.Plugins.Install;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Cli;

/// <summary>The commands that talk to a hub, against one.</summary>
public sealed class HubCommandTests : IAsyncLifetime
{
    private readonly string root = Directory.CreateTempSubdirectory("hub-cli-").FullName;
    private InstallHub hub = null!;

    public async Task InitializeAsync() => hub = await InstallHub.StartAsync();

    [Fact]
    public async Task Install_Folder_ListReloadDisableEnableRemove_AllTheWay()
    {
        var folder = Write("acme", TestPluginHost.Manifest("acme"));

        var installed = await RunAsync("install", folder);
        Assert.True(installed.Code == 0, installed.Error + installed.Out);
        Assert.Contains("Installed acme 1.0.0; it is loaded.", installed.Out, StringComparison.Ordinal);
        Assert.Contains(Loading.PluginDigest.Compute(folder), installed.Out, StringComparison.Ordinal);

        var listed = await RunAsync("list");
        Assert.Equal(0, listed.Code);
        Assert.Matches("acme +1.0.0 +loaded +manifest +.*plugins.acme", listed.Out);
        Assert.Matches("operators +1.0.0 +loaded", listed.Out);

        var removed = await RunAsync("remove", "acme");
        Assert.Equal(0, removed.Code);
        Assert.DoesNotContain("acme", (await RunAsync("list")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_Zip_JsonHasTheHubsRecord()
    {
        var folder = Write("acme", TestPluginHost.Manifest("acme"));
        await CliHarness.RunAsync("plugin", "pack", folder, "-o", root);

        var outcome = await RunAsync("install", Path.Combine(root, "acme-1.0.0.zip"), "--json");

        Assert.True(outcome.Json.GetProperty("ok").GetBoolean());
        Assert.Equal("installed", outcome.Json.GetProperty("outcome").GetString());
        Assert.Equal("acme", outcome.Json.GetProperty("plugin").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Install_Refused_ShowsTheHubsReasonAndEndsWithThree()
    {
        await RunAsync("install", Write("new", TestPluginHost.Manifest("acme").Replace("1.0.0", "2.0.0", StringComparison.Ordinal)));

        var outcome = await RunAsync("install", Write("old", TestPluginHost.Manifest("acme")));

        Assert.Equal(3, outcome.Code);
        Assert.Contains("the older 1.0.0", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("--force", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("install", Path.Combine(root, "old"), "--force")).Code);
    }

    [Fact]
    public async Task Install_FaultyFolder_IsNotSent()
    {
        var outcome = await RunAsync("install", Write("bad", "{"));

        Assert.Equal(1, outcome.Code);
        Assert.Contains("not installed", outcome.Out, StringComparison.Ordinal);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public async Task Install_NoSuchFile_SaysSo() => Assert.Equal(2, (await RunAsync("install", Path.Combine(root, "none.zip"))).Code);

    [Fact]
    public async Task Remove_UnknownPlugin_ShowsTheHubsReason()
    {
        var outcome = await RunAsync("remove", "nobody", "--json");

        Assert.Equal(3, outcome.Code);
        Assert.Equal("not_found", outcome.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(404, outcome.Json.GetProperty("error").GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Key_Wrong_SaysWhichWasUsedAndNotTheKey()
    {
        var secret = "hub_" + new string('w', 40);

        var outcome = await CliHarness.RunAsync(new() { ["HUB_URL"] = hub.Address.ToString(), ["HUB_API_KEY"] = secret }, ["plugin", "list"]);

        Assert.Equal(3, outcome.Code);
        Assert.Contains("does not know the key from HUB_API_KEY", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, outcome.Error + outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_FromFileStandardInputOrDataFolder_Works()
    {
        var file = Path.Combine(root, "admin.key");
        await File.WriteAllTextAsync(file, InstallHub.Key + "\n");
        var address = hub.Address.ToString();

        Assert.Equal(0, (await CliHarness.RunAsync("plugin", "list", "--hub", address, "--key-file", file)).Code);
        Assert.Equal(0, (await CliHarness.RunAsync([], ["plugin", "list", "--hub", address, "--key-file", "-"], input: InstallHub.Key + "\n")).Code);
        var own = await CliHarness.RunAsync("plugin", "list", "--hub", address, "--data", root);
        Assert.Equal(0, own.Code);
        Assert.Contains($"key from the file {file}", own.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_OfThisMachine_IsNotSentToAnother()
    {
        await File.WriteAllTextAsync(Path.Combine(root, "admin.key"), InstallHub.Key);

        var outcome = await CliHarness.RunAsync(new() { ["HUB_ADMIN_KEY"] = InstallHub.Key }, ["plugin", "list", "--hub", "https://hub.invalid", "--data", root]);

        Assert.Equal(2, outcome.Code);
        Assert.Contains("not sent to another", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hub_NotThere_SaysSo()
    {
        var outcome = await CliHarness.RunAsync(new() { ["HUB_API_KEY"] = InstallHub.Key }, ["plugin", "list", "--hub", $"http://127.0.0.1:{HubProcess.FreePort()}"]);

        Assert.Equal(3, outcome.Code);
        Assert.Contains("No hub answers at", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hub_IsSomethingElse_SaysSo()
    {
        await using var other = await Receiver.StartAsync();

        foreach (var (status, command) in ((int, string)[])[(200, "list"), (418, "list"), (401, "list"), (302, "remove"), (500, "reload")])
        {
            other.Answer = _ => status;
            string[] args = command == "list" ? ["plugin", command] : ["plugin", command, "x/y"];
            var outcome = await CliHarness.RunAsync(new() { ["HUB_API_KEY"] = InstallHub.Key }, [.. args, "--hub", other.Address + "below/here/"]);

            Assert.Equal(3, outcome.Code);
            Assert.Contains("is no hub", outcome.Error, StringComparison.Ordinal);
        }

        Assert.Equal(["/below/here/api/plugins", "/below/here/api/plugins/x%2Fy", "/below/here/api/plugins/x%2Fy/reload"], other.Received.Select(request => request.PathAndQuery).Distinct());
    }

    [Theory]
    [InlineData("127.0.0.1:5080")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("http://user:secret@127.0.0.1")]
    [InlineData("")]
    public async Task Hub_NoAddress_SaysSo(string address) =>
        Assert.Equal(2, (await CliHarness.RunAsync("plugin", "list", "--hub", address)).Code);

    public async Task DisposeAsync()
    {
        await hub.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private Task<CliOutcome> RunAsync(params string[] args) =>
        CliHarness.RunAsync(new() { ["HUB_URL"] = hub.Address.ToString(), ["HUB_API_KEY"] = InstallHub.Key }, ["plugin", .. args]);

    private string Write(string name, string manifest)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "manifest.json"), manifest);
        return folder;
    }
}
