using System.Globalization;
using IntegrationHub.Benchmarks.Reporting;

namespace IntegrationHub.Benchmarks;

/// <summary>
/// A provider that never answers, under load, beside a healthy one: what the healthy one's callers notice. What they would notice of any load is measured beside it: the same calls, as many a
/// second over as many connections, to a second provider that answers. The rounds of all take turns in one run of one hub.
/// </summary>
internal static class IsolationBenchmark
{
    private const int Rate = 300;
    private const int RateCallers = 16;
    private const int Connections = 8;

    // How long a call to a hanging provider lasts while no circuit is open: the total timeout of its manifest.
    private const int HeldSeconds = 10;

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    // Until the first attempts have timed out and circuits are open; until as many are held as ever will be.
    private static readonly TimeSpan UntilRefused = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan UntilHeld = TimeSpan.FromSeconds(HeldSeconds + 2);

    public static async Task<int> RunAsync(OperationBenchOptions options)
    {
        Console.WriteLine($"isolation: {Machine.Processor}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, load {Machine.Load}; {options.Rounds} rounds of {options.Seconds} s");
        await using var bench = await OperationBench.StartAsync();
        var healthy = await bench.ConnectAsync("bench", "default");
        var neighbour = await ConnectAsync(bench, "neighbour");
        var held = Math.Max(1, options.Hanging / HeldSeconds);
        Phase[] phases =
        [
            new("nothing", null, 0, Settle),
            new("a second healthy one", neighbour, options.Refused, Settle),
            new("one that hangs, circuits as by default", await ConnectAsync(bench, "hanging"), options.Refused, UntilRefused),
            new("a second healthy one", neighbour, held, Settle),
            new("one that hangs, circuits never open", await ConnectAsync(bench, "stubborn"), held, UntilHeld),
        ];
        Console.WriteLine($"the healthy provider is called {Rate} times a second; beside it others over {Connections} connections: {options.Refused} a second, refused where circuits are open, and {held} a second, which a provider that hangs holds for {HeldSeconds} s each\n");

        await OperationLoad.SaturatedAsync(() => bench.HubRequest(healthy), RateCallers, TimeSpan.FromSeconds(options.Warmup));
        foreach (var phase in phases)
            await RunAsync(bench, healthy, phase, TimeSpan.FromSeconds(1));

        var rounds = phases.Select(_ => new List<(CallResult Calls, double Cores, string Answers)>()).ToArray();
        for (var round = 0; round < options.Rounds; round++)
            for (var i = 0; i < phases.Length; i++)
            {
                // There and back: what drifts during a round is charged to each in turn.
                var which = round % 2 == 0 ? i : phases.Length - 1 - i;
                rounds[which].Add(await RunAsync(bench, healthy, phases[which], TimeSpan.FromSeconds(options.Seconds)));
            }

        Console.WriteLine("| beside it | a second | p50 | p99 | each round's | max | failed | hub's cores | answers of the other, last round |\n|---|---:|---:|---:|---|---:|---:|---:|---|");
        for (var i = 0; i < phases.Length; i++)
        {
            double Of(double share) => Machine.Median(rounds[i].Select(round => round.Calls.At(share)));
            var each = string.Join(" · ", rounds[i].Select(round => round.Calls.At(0.99).ToString("0.00", CultureInfo.InvariantCulture)));
            Write($"| {phases[i].Name} | {phases[i].PerSecond} | {Of(0.5):0.00} ms | **{Of(0.99):0.00} ms** | {each} | {Of(1):0.0} ms | {rounds[i].Sum(round => round.Calls.Failed)} | {Machine.Median(rounds[i].Select(round => round.Cores)):0.00} | {rounds[i][^1].Answers} |");
        }

        Compare("while its calls are refused", 2, 1);
        Compare("while its calls are held", 4, 3);
        Figures.Add(new Figure("calls of the healthy provider that failed", rounds.Sum(phase => phase.Sum(round => (long)round.Calls.Failed)), "calls") { Limit = Limit.None });
        Console.WriteLine($"\nhub: {bench.Hub.WorkingSet / 1048576} MB resident; load at the end {Machine.Load}");
        return 0;

        void Compare(string when, int hanging, int control)
        {
            double Of(int phase) => Machine.Median(rounds[phase].Select(round => round.Calls.At(0.99)));
            var ratio = Machine.Median(rounds[hanging].Zip(rounds[control], (one, other) => one.Calls.At(0.99) / other.Calls.At(0.99)));
            Write($"\n{when}: p99 {Of(hanging):0.00} ms, beside a healthy one with the same load {Of(control):0.00} ms; ratio of each round's, median **{ratio:0.00}**");
            Figures.Add(new Figure($"a healthy provider's calls beside one that hangs, {when}, p99", Of(hanging), "ms")
            {
                Baseline = Of(control), Ratio = ratio, Meaning = $"The baseline is the same load, {phases[control].PerSecond} calls a second, to a second provider that answers.",
            });
        }
    }

    private static async Task<Uri[]> ConnectAsync(OperationBench bench, string provider)
    {
        var operations = new Uri[Connections];
        for (var i = 0; i < Connections; i++)
            operations[i] = await bench.ConnectAsync(provider, $"c{i}");

        return operations;
    }

    private static async Task<(CallResult Calls, double Cores, string Answers)> RunAsync(OperationBench bench, Uri healthy, Phase phase, TimeSpan duration)
    {
        await using var load = phase.Others is { } others ? await OfferedLoad.StartAsync(bench, others, phase.PerSecond) : null;
        await Task.Delay(phase.Lead);

        var before = bench.HubProcessor;
        var calls = OperationLoad.AtRate(() => bench.HubRequest(healthy), Rate, RateCallers, duration);
        var cores = (bench.HubProcessor - before) / duration;

        // The hub notices that those who still waited hung up; that is no part of the next one.
        var answers = load is null ? "" : await load.EndAsync();
        await Task.Delay(Settle);
        return (calls, cores, answers);
    }

    private static void Write(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private sealed record Phase(string Name, Uri[]? Others, int PerSecond, TimeSpan Lead);
}
