using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Testing.Tests.Plugins;

/// <summary>The plugins that the hub ships with, held to what is asked of everybody's.</summary>
public sealed class ShippedPluginTests(ITestOutputHelper output)
{
    public static TheoryData<string> Plugins => [.. Directory.EnumerateDirectories(Repository.At("plugins")).Where(folder => File.Exists(Path.Combine(folder, "manifest.json"))).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Plugins))]
    public async Task Assert_ShippedPlugin_ConformsAndIsAtLeastSilver(string plugin)
    {
        var report = await PluginConformance.RunAsync(Repository.At("plugins", plugin));

        output.WriteLine(report.ToText());
        Assert.True(report.Passed, report.ToText());
        Assert.True(report.Level >= QualityLevel.Silver, report.ToText());
    }
}
