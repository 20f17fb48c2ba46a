using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Tests.Plugins;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Cli;

public sealed class ValidateAndPackTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hub-cli-").FullName;

    public static TheoryData<string> Plugins => [.. Directory.GetDirectories(Repository.At("plugins")).Select(Path.GetFileName).OfType<string>()];

    [Theory]
    [MemberData(nameof(Plugins))]
    public async Task Validate_PluginOfTheRepository_IsValid(string name)
    {
        var outcome = await CliHarness.RunAsync("plugin", "validate", Repository.At("plugins", name));

        Assert.True(outcome.Code == 0, outcome.Out);
    }

    [Fact]
    public async Task Validate_FaultyPlugin_NamesEverythingWithItsPlace()
    {
        var folder = Write("bad", """
            {
              "manifestVersion": 1, "id": "acme", "name": "Acme", "version": "one",
              "category": "developer", "description": { "en": "x" },
              "icon": "missing.svg",
              "entry": { "assembly": "Missing.dll", "type": "Acme.Adapter" },
              "colour": "red"
            }
            """);

        var outcome = await CliHarness.RunAsync("plugin", "validate", folder, "--json");

        Assert.Equal(1, outcome.Code);
        var plugin = outcome.Json.GetProperty("plugins")[0];
        var findings = plugin.GetProperty("findings").EnumerateArray().ToDictionary(finding => finding.GetProperty("pointer").GetString()!);
        Assert.Superset(new HashSet<string> { "/version", "/icon", "/entry/assembly", "/colour" }, findings.Keys.ToHashSet());
        Assert.Equal((2, 55), Place(findings["/version"]));
        Assert.Equal((4, 3), Place(findings["/icon"]));
        Assert.Equal((5, 14), Place(findings["/entry/assembly"]));
        Assert.Equal("warning", findings["/icon"].GetProperty("severity").GetString());
        Assert.Equal(Path.Combine(folder, "manifest.json"), findings["/icon"].GetProperty("file").GetString());
        Assert.Equal("acme", plugin.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Validate_ForPeople_LooksLikeACompilersList()
    {
        var folder = Write("bad", """{ "manifestVersion": 1, "id": "acme", "name": "Acme", "version": "one", "category": "developer" }""");

        var outcome = await CliHarness.RunAsync("plugin", "validate", folder);

        Assert.Contains($"{Path.Combine(folder, "manifest.json")}:1:55: error: /version: \"one\" is not a semantic version.", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_Several_NamesEachAndEndsWithOneWhenOneIsBad()
    {
        var good = Write("good", TestPluginHost.Manifest("good"));
        var bad = Write("bad", "{");

        var outcome = await CliHarness.RunAsync("plugin", "validate", good, bad, Path.Combine(root, "nowhere"));

        Assert.Equal(1, outcome.Code);
        Assert.Contains("good 1.0.0: valid", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("manifest.json:1:2: error: The manifest is not JSON", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("There is no such folder.", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_OnlyWarnings_EndsWithOneWhenThatIsAsked()
    {
        var folder = Write("warned", TestPluginHost.Manifest("warned", """, "icon": "missing.svg" """));

        Assert.Equal(0, (await CliHarness.RunAsync("plugin", "validate", folder)).Code);
        Assert.Equal(1, (await CliHarness.RunAsync("plugin", "validate", folder, "--warnings-as-errors")).Code);
    }

    [Fact]
    public async Task Pack_TwiceWithOtherTimes_IsTheSameAndSaysItsDigests()
    {
        var folder = Write("acme", TestPluginHost.Manifest("acme"));
        var one = await CliHarness.RunAsync("plugin", "pack", folder, "-o", Path.Combine(root, "one.zip"), "--json");
        File.SetLastWriteTimeUtc(Path.Combine(folder, "manifest.json"), DateTime.UnixEpoch.AddYears(30));
        var two = await CliHarness.RunAsync("plugin", "pack", folder, "-o", Path.Combine(root, "two.zip"), "--json");

        Assert.Equal(0, one.Code);
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(root, "one.zip")), await File.ReadAllBytesAsync(Path.Combine(root, "two.zip")));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(root, "one.zip")))), one.Json.GetProperty("fileSha256").GetString());
        Assert.Equal(Loading.PluginDigest.Compute(folder), one.Json.GetProperty("sha256").GetString());
        Assert.Equal(one.Json.GetProperty("sha256").GetString(), two.Json.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Pack_IntoAFolder_IsNamedByIdAndVersion()
    {
        var folder = Write("acme", TestPluginHost.Manifest("acme"));

        var outcome = await CliHarness.RunAsync("plugin", "pack", folder, "-o", root);

        Assert.True(File.Exists(Path.Combine(root, "acme-1.0.0.zip")), outcome.Out + outcome.Error);
        Assert.Contains("\"sha256\": \"" + Loading.PluginDigest.Compute(folder), outcome.Out, StringComparison.Ordinal);
        Assert.Equal(["acme", "acme-1.0.0.zip"], Directory.GetFileSystemEntries(root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Pack_FaultyPlugin_WritesNothing()
    {
        var folder = Write("bad", "{");

        var outcome = await CliHarness.RunAsync("plugin", "pack", folder, "-o", root);

        Assert.Equal(1, outcome.Code);
        Assert.Empty(Directory.GetFiles(root));
    }

    [Fact]
    public async Task Pack_IntoNowhere_SaysSo()
    {
        var outcome = await CliHarness.RunAsync("plugin", "pack", Write("acme", TestPluginHost.Manifest("acme")), "-o", Path.Combine(root, "no", "acme.zip"));

        Assert.Equal(2, outcome.Code);
        Assert.Contains("There is no folder", outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static (int, int) Place(JsonElement finding) => (finding.GetProperty("line").GetInt32(), finding.GetProperty("column").GetInt32());

    private string Write(string name, string manifest)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "manifest.json"), manifest);
        return folder;
    }
}
