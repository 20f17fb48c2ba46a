using IntegrationHub.Testing;

namespace AcmeNamespace.Tests;

public sealed class ConformanceTests
{
    // bin/<configuration>/<framework> below tests/, which is below the plugin.
    private static readonly string Plugin = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));

    /// <summary>The whole suite, and the level that the plugin has reached: it cannot fall back unnoticed.</summary>
    [Fact]
#if (hasArabic)
    public Task Plugin_AsItStands_IsGold() => PluginConformance.AssertAsync(Plugin, new() { MinimumLevel = QualityLevel.Gold });
#else
    public Task Plugin_AsItStands_IsSilver() => PluginConformance.AssertAsync(Plugin, new() { MinimumLevel = QualityLevel.Silver });
#endif
}
