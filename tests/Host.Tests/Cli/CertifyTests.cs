using System.Text.Json.Nodes;
using IntegrationHub.Host.Tests.Plugins;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Cli;

/// <summary>The conformance kit in a process of its own, which may end in any way.</summary>
public sealed class CertifyTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hub-certify-test-").FullName;

    [Fact]
    public async Task Certify_PluginOfTheRepository_TellsItsLevelAndWhatIsMissing()
    {
        var outcome = await CliHarness.RunAsync("plugin", "certify", Repository.At("plugins", "stripe"), "--json");

        Assert.True(outcome.Code == 0, outcome.Out + outcome.Error);
        var plugin = outcome.Json.GetProperty("plugins")[0];
        Assert.True(plugin.GetProperty("ok").GetBoolean());
        Assert.Contains(plugin.GetProperty("level").GetString(), (string[])["bronze", "silver", "gold", "platinum"]);
        Assert.Equal("stripe", plugin.GetProperty("report").GetProperty("pluginId").GetString());
        Assert.NotEmpty(plugin.GetProperty("report").GetProperty("checks").EnumerateArray());
        Assert.Empty(plugin.GetProperty("crashes").EnumerateArray());
    }

    [Fact]
    public async Task Certify_BelowTheWantedLevel_EndsWithOne()
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, "small")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "manifest.json"), TestPluginHost.Manifest("small"));

        var outcome = await CliHarness.RunAsync("plugin", "certify", folder, "--level", "platinum");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("small: level", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("below the platinum that is wanted", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("missing for", outcome.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ends-by-fail-fast", "FailFast")]
    [InlineData("ends-by-exit", "Environment.Exit")]
    [InlineData("ends-by-thread", "on a thread of its own")]
    [InlineData("ends-by-recursion", "ended its process")]
    public async Task Certify_PluginEndsItsProcess_IsAFinding(string way, string says)
    {
        var outcome = await CliHarness.RunAsync("plugin", "certify", Copy("EndsProcess", way), Repository.At("plugins", "stripe"));

        Assert.Equal(1, outcome.Code);
        Assert.Contains(says, outcome.Out, StringComparison.Ordinal);
        Assert.Contains("stripe: level", outcome.Out, StringComparison.Ordinal);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public async Task Certify_RunDoesNotEnd_IsKilledAndAFinding()
    {
        var outcome = await CliHarness.RunAsync("plugin", "certify", TestPluginHost.TestPlugin("HangsInConstructor"), "--timeout", "1", "--json");

        Assert.Equal(1, outcome.Code);
        var plugin = outcome.Json.GetProperty("plugins")[0];
        Assert.Contains("did not end within 1 s", plugin.GetProperty("crashes")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("none", plugin.GetProperty("level").GetString());
    }

    [Fact]
    public async Task Certify_NoSuchDescription_SaysSo()
    {
        var outcome = await CliHarness.RunAsync("plugin", "certify", Repository.At("plugins", "stripe"), "--description", Path.Combine(root, "none.json"));

        Assert.Equal(2, outcome.Code);
        Assert.Contains("There is no file", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certify_NoSuchFolder_IsAFinding()
    {
        var outcome = await CliHarness.RunAsync("plugin", "certify", Path.Combine(root, "none"));

        Assert.Equal(1, outcome.Code);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private string Copy(string plugin, string id)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, id)).FullName;
        foreach (var file in Directory.GetFiles(TestPluginHost.TestPlugin(plugin)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));

        var path = Path.Combine(folder, "manifest.json");
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        manifest["id"] = id;
        File.WriteAllText(path, manifest.ToJsonString());
        return folder;
    }
}
