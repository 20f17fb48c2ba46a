namespace IntegrationHub.Benchmarks.Reporting;

/// <summary>What <see cref="IngestBenchmark"/> measured, as figures.</summary>
internal static class IngestFigures
{
    private static readonly List<(string What, string Hub, LoadResult Bare, LoadResult Result, double Micros)> Rounds = [];

    public static void Round(string what, string hub, LoadResult bare, LoadResult result, double microsOfProcessor) => Rounds.Add((what, hub, bare, result, microsOfProcessor));

    public static void Measured(string what)
    {
        foreach (var hub in Rounds.Where(round => round.What == what).GroupBy(round => round.Hub))
        {
            double Of(Func<(string What, string Hub, LoadResult Bare, LoadResult Result, double Micros), double> figure) => Machine.Median(hub.Select(figure));
            var name = $"{hub.Key}, {what}";
            Figures.Add(
                new($"{name}: verified, durable", Of(round => round.Result.PerSecond), "events/s")
                {
                    Baseline = Of(round => round.Bare.PerSecond), Ratio = Of(round => round.Result.PerSecond / round.Bare.PerSecond), Limit = Limit.LeastRatio(0.4),
                    Meaning = "Events of 3 KB verified, deduplicated and on disk before they are acknowledged. The baseline is a bare Kestrel endpoint that checks the same HMAC and stores nothing.",
                },
                new($"{name}: p50", Of(round => round.Result.Percentile(0.5)), "ms") { Baseline = Of(round => round.Bare.Percentile(0.5)), Ratio = Of(round => round.Result.Percentile(0.5) / round.Bare.Percentile(0.5)) },
                new($"{name}: p99", Of(round => round.Result.Percentile(0.99)), "ms")
                {
                    Baseline = Of(round => round.Bare.Percentile(0.99)), Ratio = Of(round => round.Result.Percentile(0.99) / round.Bare.Percentile(0.99)), Limit = Limit.Most(50),
                    Meaning = "From sending a webhook to its acknowledgement, each connection with one in flight.",
                },
                new($"{name}: processor", Of(round => round.Micros), "µs/event"),
                new($"{name}: refused", hub.Sum(round => round.Result.Refused), "events") { Meaning = "Answered with something else than 200; senders try these again." });
        }
    }

    public static void Judged(string hub, int acknowledged, int lost, int doubled, long bytes, int stored, long mostResident) => Figures.Add(
        new($"{hub}: acknowledged", acknowledged, "events"),
        Figure.Lost(lost, $"{hub}: acknowledged and not stored"),
        Figure.Doubled(doubled, $"{hub}: stored twice"),
        new($"{hub}: database", (double)bytes / Math.Max(1, stored), "bytes/event"),
        new($"{hub}: most resident", mostResident / 1048576.0, "MB") { Limit = Limit.Most(250), Meaning = "The most memory that the hub's process had at any time." });
}
