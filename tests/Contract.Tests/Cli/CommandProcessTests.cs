using System.Diagnostics;
using System.Text.Json;
using IntegrationHub.Loading;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Cli;

/// <summary>The program as it is started by hand, against a hub in another process.</summary>
public sealed class CommandProcessTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hub-command-").FullName;

    [Fact]
    public async Task Commands_FromFolderToRemoval_AllTheWay()
    {
        await using var hub = await HubProcess.StartAsync();
        var variables = new Dictionary<string, string> { ["HUB_URL"] = hub.Address.ToString(), ["HUB_API_KEY"] = hub.AdminKey };
        var folder = Write("1.0.0");

        var packed = await RunAsync(["pack", folder, "--json"], variables);
        Assert.Equal(0, packed.Code);
        var zip = Path.Combine(root, "acme-1.0.0.zip");
        Assert.Equal(zip, packed.Json.GetProperty("file").GetString());
        Assert.Equal(PluginDigest.Compute(folder), packed.Json.GetProperty("sha256").GetString());

        var installed = await RunAsync(["install", zip, "--json"], variables);
        Assert.True(installed.Code == 0, installed.Error);
        Assert.Equal("installed", installed.Json.GetProperty("outcome").GetString());
        Assert.Equal(PluginDigest.Compute(folder), installed.Json.GetProperty("plugin").GetProperty("sha256").GetString());
        Assert.Equal("acme", (await hub.GetAsync("/api/providers/acme")).GetProperty("id").GetString());

        var disabled = await RunAsync(["disable", "acme"], variables);
        Assert.Equal((0, "acme 1.0.0 is disabled."), (disabled.Code, disabled.Out.Trim()));
        Assert.Contains("disabled", (await RunAsync(["list"], variables)).Out, StringComparison.Ordinal);
        Assert.Equal((0, "acme 1.0.0 is loaded."), await CodeAndOut(["enable", "acme"], variables));
        Assert.Equal((0, "acme 1.0.0 is loaded."), await CodeAndOut(["reload", "acme"], variables));

        Write("1.1.0");
        var updated = await RunAsync(["install", folder], variables);
        Assert.Contains("Updated acme from 1.0.0 to 1.1.0; it is loaded.", updated.Out, StringComparison.Ordinal);

        Assert.Equal((0, "Removed acme."), await CodeAndOut(["remove", "acme"], variables));
        Assert.Equal(3, (await RunAsync(["reload", "acme"], variables)).Code);

        var stripe = await RunAsync(["remove", "stripe"], variables);
        Assert.Equal(3, stripe.Code);
        Assert.Contains("plugins.json", stripe.Error, StringComparison.Ordinal);
        await hub.StopAsync();
        hub.DeleteData();
    }

    [Fact]
    public async Task Commands_WithoutAHub_EndAtOnceAndOpenNothing()
    {
        var variables = new Dictionary<string, string> { ["HUB_DATA"] = Path.Combine(root, "data"), ["HUB_URLS"] = "http://127.0.0.1:0" };

        var help = await RunAsync(["--help"], variables);
        Assert.Equal(0, help.Code);
        Assert.Contains("install <PACKAGE>", help.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(["lst"], variables)).Code);
        Assert.Equal(3, (await RunAsync(["list", "--hub", $"http://127.0.0.1:{HubProcess.FreePort()}", "--key", "x"], variables)).Code);
        Assert.Equal(1, (await RunAsync(["validate", root], variables)).Code);
        Assert.Equal(0, (await RunAsync(["validate", Repository.At("plugins", "stripe")], variables)).Code);
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private async Task<(int Code, string Out)> CodeAndOut(string[] arguments, Dictionary<string, string> variables)
    {
        var outcome = await RunAsync(arguments, variables);
        return (outcome.Code, outcome.Out.Trim());
    }

    private async Task<Outcome> RunAsync(string[] arguments, Dictionary<string, string> variables)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hub.dll"), "plugin", .. arguments])
        {
            WorkingDirectory = root, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("HUB_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);

        foreach (var (name, value) in variables)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, output, await error);
    }

    private string Write(string version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, "acme")).FullName;
        File.WriteAllText(
            Path.Combine(folder, "manifest.json"),
            $$"""{ "manifestVersion": 1, "id": "acme", "name": "Acme", "version": "{{version}}", "category": "developer", "description": { "en": "x" } }""");
        return folder;
    }

    private sealed record Outcome(int Code, string Out, string Error)
    {
        public JsonElement Json => JsonElement.Parse(Out);
    }
}
