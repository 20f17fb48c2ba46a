using System.Globalization;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>Random kills under load, and a table of what they did.</summary>
internal static class CrashCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (kills, seed) = (100, 20_260_101);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            (kills, seed) = args[i] switch
            {
                "--kills" => (value, seed),
                "--seed" => (kills, value),
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        Console.WriteLine($"crash: {kills} kills, seed {seed}, {Machine.Processor}, {Environment.ProcessorCount} cores, {Machine.MemoryGb} GB, .NET {Environment.Version}, load {Machine.Load}");
        var report = await new CrashRun(kills, seed, Console.Out).RunAsync();
        Print(report);
        Figures.Add(
            new Figure("kills without warning", report.Kills.Count, "kills"),
            new Figure("acknowledged", report.Acknowledged, "events"),
            new Figure("runs of what events are found by, written before the last kill", report.EventRuns, "runs") { Limit = Limit.Least(1) },
            Figure.Lost(report.NotStored.Count, "acknowledged and not stored"),
            Figure.Lost(report.NotDelivered.Count, "stored and not delivered"),
            Figure.Lost(report.ReplaysLost, "acknowledged replays not delivered"),
            Figure.Doubled(report.StoredTwice, "stored twice"),
            Figure.Doubled(report.Unexplained, "deliveries doubled that no kill explains"),
            Figure.Against("deliveries doubled by a kill between sending and recording", report.Doubled - report.Unexplained, report.Arrivals, "deliveries") with { Meaning = "The baseline is all deliveries; what was sent and not yet recorded is sent again." });
        return report.IsSound ? 0 : 1;
    }

    private static void Print(CrashReport report)
    {
        Console.WriteLine();
        Console.WriteLine("| killed during | kills | acknowledged before | deliveries doubled |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        foreach (var stage in report.Kills.GroupBy(kill => kill.Stage).OrderBy(group => group.Key))
            Console.WriteLine($"| {stage.Key} | {stage.Count()} | {stage.Sum(kill => kill.Acknowledged)} | {stage.Sum(kill => kill.Doubled)} |");

        Console.WriteLine($"| all | {report.Kills.Count} | {report.Acknowledged} | {report.Doubled} |");
        Console.WriteLine();
        Console.WriteLine($"acknowledged {report.Acknowledged} events and {report.Repeated} repetitions of them; stored {report.Stored}, twice {report.StoredTwice}");
        Console.WriteLine($"LOST: {report.NotStored.Count} acknowledged events not stored, {report.NotDelivered.Count} stored events not delivered, {report.ReplaysLost} of {report.ReplaysAcknowledged} acknowledged replays not delivered");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"DOUBLED: {report.Doubled} of {report.Arrivals} arrivals, {report.Doubled - report.Unexplained} explained by a kill between the two, at most {report.LongestGap.TotalMilliseconds:0} ms after the first; {report.Unexplained} unexplained"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"database: {report.IntegrityWhenKilled} as the last kill left it, {report.Integrity} at the end, {report.EventRuns} runs of events written before the last kill{(report.HasEventRuns ? "" : " (NONE: the writing of runs was not hit)")}; {report.Took.TotalSeconds:0} s, seed {report.Seed}"));
    }
}
