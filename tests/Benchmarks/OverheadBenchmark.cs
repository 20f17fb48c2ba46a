using System.Globalization;
using IntegrationHub.Benchmarks.Reporting;

namespace IntegrationHub.Benchmarks;

/// <summary>What the hub adds to a call: the same operation directly with <see cref="HttpClient"/>, through a server that only forwards it, and through the hub, in turns in the same run.</summary>
internal static class OverheadBenchmark
{
    private const int Rate = 1000;
    private const int RateCallers = 16;

    public static async Task<int> RunAsync(OperationBenchOptions options)
    {
        Console.WriteLine($"overhead: {Machine.Processor}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, load {Machine.Load}; {options.Rounds} rounds of {options.Seconds} s");
        await using var bench = await OperationBench.StartAsync();
        var operation = await bench.ConnectAsync("bench", "default");
        var seconds = TimeSpan.FromSeconds(options.Seconds);
        HttpRequestMessage Direct() => bench.DirectRequest();
        HttpRequestMessage Forwarder() => bench.ForwarderRequest();
        HttpRequestMessage Hub() => bench.HubRequest(operation);
        await bench.StartForwarderAsync();

        await OperationLoad.SaturatedAsync(Direct, 16, TimeSpan.FromSeconds(options.Warmup));
        await OperationLoad.SaturatedAsync(Forwarder, 16, TimeSpan.FromSeconds(options.Warmup));
        await OperationLoad.SaturatedAsync(Hub, 16, TimeSpan.FromSeconds(options.Warmup));

        Console.WriteLine($"\n{Rate:N0} calls a second over {RateCallers} connections, answers of 1 KB; latency from the time each call was due\n");
        Console.WriteLine("| round | direct p50 | p99 | forwarder p50 | p99 | hub p50 | p99 | added p50 | added p99 | hub's processor |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        var added = new List<(double P50, double P99)>();
        var latencies = new List<(double Direct, double Hub)>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            var direct = OperationLoad.AtRate(Direct, Rate, RateCallers, seconds);
            var forwarder = OperationLoad.AtRate(Forwarder, Rate, RateCallers, seconds);
            var before = bench.HubProcessor;
            var hub = OperationLoad.AtRate(Hub, Rate, RateCallers, seconds);
            var cpu = (bench.HubProcessor - before) / hub.Latencies.Length;
            Complain(direct, forwarder, hub);
            latencies.Add((direct.At(0.99), hub.At(0.99)));
            added.Add((hub.At(0.5) - direct.At(0.5), hub.At(0.99) - direct.At(0.99)));
            Write($"| {round} | {direct.At(0.5):0.000} | {direct.At(0.99):0.000} | {forwarder.At(0.5):0.000} | {forwarder.At(0.99):0.000} | {hub.At(0.5):0.000} | {hub.At(0.99):0.000} | {added[^1].P50:0.000} ms | {added[^1].P99:0.000} ms | {cpu.TotalMicroseconds:0} µs a call |");
        }

        Write($"| median | | | | | | | **{Machine.Median(added.Select(round => round.P50)):0.000} ms** | **{Machine.Median(added.Select(round => round.P99)):0.000} ms** | |");

        Figures.Add(
            new Figure("added to a call, p50", Machine.Median(added.Select(round => round.P50)), "ms") { Meaning = $"An operation through the hub, less the same call made directly, at {Rate:N0} calls a second." },
            new Figure("added to a call, p99", Machine.Median(added.Select(round => round.P99)), "ms"),
            new Figure("a call through the hub, p99", Machine.Median(latencies.Select(round => round.Hub)), "ms")
            {
                Baseline = Machine.Median(latencies.Select(round => round.Direct)), Ratio = Machine.Median(latencies.Select(round => round.Hub / round.Direct)), Meaning = "The baseline is the same call made directly.",
            });

        Console.WriteLine("\nSaturated, medians\n\n| callers | direct /s | forwarder /s | ratio | hub /s | ratio | of the forwarder | hub p50 | p99 | hub's processor |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var callers in new[] { 1, 16, 64 })
        {
            var rounds = new List<Saturated>();
            for (var round = 0; round < options.Rounds; round++)
            {
                var direct = await OperationLoad.SaturatedAsync(Direct, callers, seconds);
                var forwarder = await OperationLoad.SaturatedAsync(Forwarder, callers, seconds);
                var before = bench.HubProcessor;
                var hub = await OperationLoad.SaturatedAsync(Hub, callers, seconds);
                rounds.Add(new(direct, forwarder, hub, ((bench.HubProcessor - before) / hub.Latencies.Length).TotalMicroseconds));
                Complain(direct, forwarder, hub);
            }

            double Of(Func<Saturated, double> figure) => Machine.Median(rounds.Select(figure));
            Figures.Add(
                new Figure($"saturated, {callers} callers", Of(round => round.Hub.PerSecond), "calls/s")
                {
                    Baseline = Of(round => round.Forwarder.PerSecond), Ratio = Of(round => round.Hub.PerSecond / round.Forwarder.PerSecond), Meaning = "The baseline is a forwarder, the least that anything in between can do.",
                });
            Write($"| {callers} | {Of(round => round.Direct.PerSecond):0} | {Of(round => round.Forwarder.PerSecond):0} | {Of(round => round.Forwarder.PerSecond / round.Direct.PerSecond):P0} | {Of(round => round.Hub.PerSecond):0} | **{Of(round => round.Hub.PerSecond / round.Direct.PerSecond):P0}** | {Of(round => round.Hub.PerSecond / round.Forwarder.PerSecond):P0} | {Of(round => round.Hub.At(0.5)):0.00} ms | {Of(round => round.Hub.At(0.99)):0.00} ms | {Of(round => round.Micros):0} µs a call |");
        }

        Console.WriteLine($"\nhub: {bench.Hub.WorkingSet / 1048576} MB resident; load at the end {Machine.Load}");
        return 0;
    }

    private static void Complain(CallResult direct, CallResult forwarder, CallResult hub)
    {
        if (direct.Failed + forwarder.Failed + hub.Failed > 0)
            Console.WriteLine($"FAILED: {direct.Failed} direct, {forwarder.Failed} forwarded, {hub.Failed} through the hub");
    }

    private static void Write(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private sealed record Saturated(CallResult Direct, CallResult Forwarder, CallResult Hub, double Micros);
}

internal sealed record OperationBenchOptions(int Seconds = 8, int Rounds = 5, int Warmup = 15, int Hanging = 600, int Refused = 600)
{
    public static OperationBenchOptions Parse(string[] args)
    {
        var options = new OperationBenchOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
                throw new ArgumentException($"{args[i]} needs a value.");

            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            options = args[i] switch
            {
                "--seconds" => options with { Seconds = value },
                "--rounds" => options with { Rounds = value },
                "--warmup" => options with { Warmup = value },
                "--hanging" => options with { Hanging = value },
                "--refused" => options with { Refused = value },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }
}
