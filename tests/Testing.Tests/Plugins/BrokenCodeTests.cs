using System.Text.Json.Nodes;

namespace IntegrationHub.Testing.Tests.Plugins;

/// <summary>Code that does one thing badly each: the suite finds it, with the check whose matter it is.</summary>
public sealed class BrokenCodeTests
{
    private static readonly ConformanceOptions Impatient = new() { CallTimeout = TimeSpan.FromSeconds(1) };

    [Theory]
    [InlineData("NoSuchClass", "plugin.compatible")]
    [InlineData("ThrowsInConstructor", "lifecycle.start")]
    [InlineData("BlocksInConstructor", "lifecycle.start")]
    [InlineData("BlocksInInitialize", "lifecycle.start")]
    [InlineData("BlocksInCalls", "lifecycle.execute")]
    [InlineData("BlocksInDispose", "lifecycle.dispose")]
    [InlineData("ThrowsWhenDisposedTwice", "lifecycle.dispose")]
    [InlineData("PinsItself", "plugin.unload")]
    [InlineData("LeaksTimer", "plugin.unload")]
    [InlineData("KeepsThread", "plugin.unload")]
    [InlineData("ThrowsInCalls", "operations.calls")]
    [InlineData("ReturnsNull", "operations.calls")]
    [InlineData("ReturnsGarbage", "operations.result")]
    [InlineData("IgnoresToken", "cancellation.during")]
    [InlineData("ThrowsOnFailures", "faults.status")]
    [InlineData("SwallowsFailures", "faults.status")]
    [InlineData("SwallowsFailures", "faults.network")]
    [InlineData("NeverAsks", "operations.provider")]
    [InlineData("NeverAsks", "operations.tests")]
    [InlineData("SendsThoughCancelled", "cancellation.before")]
    [InlineData("ShowsEncodedKeyInErrors", "secrets.results")]
    [InlineData("LogsKeyInScope", "secrets.logs")]
    [InlineData("MistakesRateLimits", "faults.status")]
    [InlineData("SendsWhatNobodyReads", "contract.requests")]
    [InlineData("KnowsOneErrorOnly", "faults.status")]
    [InlineData("KnowsOneErrorOnly", "operations.errors")]
    [InlineData("ThrowsWhenDisconnected", "faults.network")]
    [InlineData("TrustsAnswers", "faults.body")]
    [InlineData("FearsOddTexts", "fuzz.valid")]
    [InlineData("GluesJson", "fuzz.valid")]
    [InlineData("ForgetsIdempotency", "operations.idempotency")]
    [InlineData("ForgetsCursor", "operations.pagination")]
    [InlineData("KeepsStateOfCalls", "concurrency.calls")]
    [InlineData("KeepsCredentials", "operations.auth")]
    [InlineData("KeepsCredentials", "secrets.requests")]
    [InlineData("CallsElsewhere", "egress.allowed")]
    [InlineData("CallsElsewhere", "secrets.requests")]
    [InlineData("ReturnsKey", "secrets.results")]
    [InlineData("ShowsKeyInErrors", "secrets.results")]
    [InlineData("LogsKey", "secrets.logs")]
    public async Task Run_BrokenCode_IsFoundByItsCheck(string type, string check)
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode(type);

        var report = await PluginConformance.RunAsync(plugin.Folder, Impatient);

        Assert.True(report.Findings.Any(finding => finding.Check == check && finding.Severity == FindingSeverity.Error), report.ToText());
        Assert.Equal(QualityLevel.None, report.Level);
        Sound.Assert(report);
    }

    [Theory]
    [InlineData("BlocksInVerify", "webhooks.unsigned")]
    [InlineData("ThrowsInVerify", "webhooks.unsigned")]
    [InlineData("AcceptsEveryWebhook", "webhooks.unsigned")]
    [InlineData("ChecksFormOnly", "recorded.webhooks")]
    [InlineData("Good", "lifecycle.start")]
    public async Task Run_BrokenVerifier_IsFound(string type, string check)
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode(type);
        plugin.Change(manifest => manifest["webhooks"]!["verify"] = new JsonObject { ["scheme"] = "custom" });

        var report = await PluginConformance.RunAsync(plugin.Folder, Impatient);

        Assert.True(report.Findings.Any(finding => finding.Check == check && finding.Severity == FindingSeverity.Error), report.ToText());
    }

    [Theory]
    [InlineData("PutsKeyIntoAddress", "secrets.requests")]
    [InlineData("Good", "egress.code")]
    public async Task Run_DoubtfulCode_IsAWarning(string type, string check)
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode(type);

        var report = await PluginConformance.RunAsync(plugin.Folder, Impatient);

        // OpensSockets is in the same assembly as the others: what an assembly refers to is all that is read of it.
        Assert.Contains(report.Findings, finding => finding.Check == check && finding.Severity == FindingSeverity.Warning);
    }
}
