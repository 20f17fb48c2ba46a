namespace IntegrationHub.Testing.Tests.Plugins;

/// <summary>What holds of every report, whatever the plugin.</summary>
internal static class Sound
{
    public static void Assert(ConformanceReport report)
    {
        foreach (var check in report.Checks)
        {
            Xunit.Assert.True(check.Outcome != CheckOutcome.Passed || check.Cases > 0, $"{check.Id} passed without having judged anything.\n{report.ToText()}");
            Xunit.Assert.True(check.Outcome == CheckOutcome.Skipped == check.Reason is { Length: > 0 }, $"{check.Id} was {check.Outcome} with the reason '{check.Reason}'.");
        }

        Xunit.Assert.Equal(report.Checks.Count, report.Checks.Select(check => check.Id).Distinct().Count());
        Xunit.Assert.DoesNotContain(report.Findings, finding => finding.Message.StartsWith("The check itself failed", StringComparison.Ordinal));
        Xunit.Assert.All(report.Findings, finding => Xunit.Assert.Contains(report.Checks, check => check.Id == finding.Check && check.Outcome is CheckOutcome.Failed or CheckOutcome.Warned));
    }
}
