namespace IntegrationHub.Testing.Tests.Plugins;

public sealed class GoodPluginTests
{
    [Fact]
    public async Task Run_PluginWithEverything_IsPlatinumWithoutFindings()
    {
        using var plugin = new AcmePlugin();

        var report = await PluginConformance.AssertAsync(plugin.Folder, new ConformanceOptions { MinimumLevel = QualityLevel.Platinum, WarningsAreErrors = true });

        Assert.Equal(("acme", "1.2.3", "manifest"), (report.PluginId, report.Version, report.Kind));
        Assert.DoesNotContain(report.Checks, check => check.Outcome is CheckOutcome.Failed or CheckOutcome.Warned);
        Assert.Null(report.NextLevel);
    }

    [Fact]
    public async Task Run_CodeThatDoesTheSame_HasNoFindings()
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode("Good");

        var report = await PluginConformance.AssertAsync(plugin.Folder, new ConformanceOptions { MinimumLevel = QualityLevel.Gold });

        // The assembly also has the class that opens sockets.
        Assert.All(report.Findings, finding => Assert.Equal("egress.code", finding.Check));
        Assert.Equal("code", report.Kind);
        Assert.Contains(report.Checks, check => check is { Id: "plugin.unload", Outcome: CheckOutcome.Passed });
    }

    /// <summary>The same plugin gives the same report, byte for byte, whatever else runs.</summary>
    [Fact]
    public async Task Run_Twice_GivesTheSameReport()
    {
        using var plugin = new AcmePlugin();
        plugin.Change(manifest => manifest["operations"]!["createPayment"]!["result"]!["required"]!.AsArray().Add("missing"));

        var reports = await Task.WhenAll(PluginConformance.RunAsync(plugin.Folder), PluginConformance.RunAsync(plugin.Folder));

        Assert.Equal(reports[0].ToJson(), reports[1].ToJson());
        Assert.Equal(reports[0].ToText(), reports[1].ToText());
    }

    [Fact]
    public async Task Run_CodeThreeTimes_GivesTheSameReport()
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode("Good");

        var reports = new List<string>();
        for (var i = 0; i < 3; i++)
            reports.Add((await PluginConformance.RunAsync(plugin.Folder)).ToJson());

        Assert.Single(reports.Distinct());
    }

    /// <summary>Each group of checks stands once, with the checks that came to it last.</summary>
    [Fact]
    public async Task ToText_GroupsThatAreGoneBackTo_StandOnce()
    {
        using var plugin = new AcmePlugin();

        var lines = (await PluginConformance.RunAsync(plugin.Folder)).ToText().Split('\n');

        Assert.Single(lines, "lifecycle");
        Assert.Single(lines, "plugin");
        Assert.Contains(lines, line => line.StartsWith("  ok    lifecycle.dispose", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_Cancelled_Throws()
    {
        using var plugin = new AcmePlugin();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PluginConformance.RunAsync(plugin.Folder, cancellationToken: cancelled.Token));
    }

    [Fact]
    public async Task Run_GroupLeftOut_IsNoMoreThanBronze()
    {
        using var plugin = new AcmePlugin();

        var report = await PluginConformance.RunAsync(plugin.Folder, new ConformanceOptions { Skip = ["fuzz"] });

        Assert.Equal(QualityLevel.Bronze, report.Level);
        Assert.All(report.Checks.Where(check => check.Id.StartsWith("fuzz.", StringComparison.Ordinal)), check => Assert.Equal(CheckOutcome.Skipped, check.Outcome));
        Assert.Contains(report.Missing, requirement => requirement.Id == "silver.complete");
    }
}
