using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>
/// Nothing acknowledged is lost: the process is killed without warning while webhooks come in, deliveries go out, raw requests are purged and events are replayed, and while it starts
/// again. <c>tests/Benchmarks -- crash --kills 100</c> is the same for longer.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Kills = 15;
    private const int Seed = 20_260_101;

    [Fact]
    public async Task KilledUnderLoad_AtEveryStage_LosesNothingAcknowledged()
    {
        using var log = new StringWriter();
        var report = await new CrashRun(Kills, Seed, log).RunAsync();

        output.WriteLine(log.ToString());
        output.WriteLine($"{report with { Kills = [] }}");
        Assert.Empty(report.NotStored);
        Assert.Empty(report.NotDelivered);
        Assert.Equal(0, report.StoredTwice);
        Assert.Equal(0, report.ReplaysLost);
        Assert.Equal(0, report.Unexplained);
        Assert.Equal("ok", report.IntegrityWhenKilled);
        Assert.Equal("ok", report.Integrity);
        Assert.True(report.HasEventRuns, "No run of events was written before the last kill: nothing of them was put to the test.");
        Assert.True(report.Acknowledged > Kills, $"Only {report.Acknowledged} webhooks were acknowledged: the load is none.");
    }
}
