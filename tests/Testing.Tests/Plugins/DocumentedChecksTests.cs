using System.Text.RegularExpressions;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Testing.Tests.Plugins;

public sealed partial class DocumentedChecksTests
{
    [Fact]
    public async Task CertificationPage_Table_HasEveryCheckAndNoOther()
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode("Good");
        var page = await File.ReadAllTextAsync(Repository.At("docs", "plugins", "certification.md"));

        var report = await PluginConformance.RunAsync(plugin.Folder);

        var documented = page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).SelectMany(line => CheckId().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value));
        Assert.Equal(report.Checks.Select(check => check.Id).Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("`([a-z]+\\.[a-z]+)`")]
    private static partial Regex CheckId();
}
