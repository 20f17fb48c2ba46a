using System.Diagnostics;
using System.Text.RegularExpressions;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>What docs/plugins/runtime.md tells operators to type.</summary>
public sealed partial class DocumentedReplacementTests
{
    [SkippableFact]
    public async Task Replace_TypedAsDocumented_LoadsTheNewVersionOnce()
    {
        Require.Program("bash");
        var command = Assert.Single(Bash().Matches(await File.ReadAllTextAsync(Repository.At("docs", "plugins", "runtime.md")))).Groups[1].Value;
        await using var plugins = new TestPluginHost();
        plugins.WritePlugin("plugins/acme", Manifest("1.0.0"));
        plugins.WritePlugin("acme-2.0", Manifest("2.0.0"));
        plugins.WriteList("""{ "plugins": ["plugins/*"] }""");
        await plugins.Host.LoadAllAsync(CancellationToken.None);

        using (var shell = Process.Start(new ProcessStartInfo("bash", ["-eu", "-c", command]) { WorkingDirectory = plugins.Folder })!)
        {
            await shell.WaitForExitAsync();
            Assert.Equal(0, shell.ExitCode);
        }

        await plugins.Host.RescanAsync(CancellationToken.None);

        var record = Assert.Single(plugins.Registry.All);
        Assert.Equal(("acme", "2.0.0", 2), (record.Id, record.Version, record.Generation));
        Assert.Equal("2.0.0", plugins.Catalog.Find("acme")?.Manifest.Version);
    }

    private static string Manifest(string version) => TestPluginHost.Manifest("acme").Replace("1.0.0", version, StringComparison.Ordinal);

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Bash();
}
