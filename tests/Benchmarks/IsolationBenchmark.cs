using System.Globalization;
using IntegrationHub.Benchmarks.Reporting;

namespace IntegrationHub.Benchmarks;

/// <summary>
/// A provider that never answers, under load, beside a healthy one: what the healthy one's callers notice. Its circuit never opens here, which would make it easy, unless
/// <c>--breaker</c> asks for what ships; whoever is refused then waits as long as <c>Retry-After</c> tells, but no longer than a second.
/// </summary>
internal static class IsolationBenchmark
{
    private const int Rate = 300;
    private const int RateCallers = 16;
    private const int HangingConnections = 8;

    // Callers that all began at once would also time out and call again all at once.
    private static readonly TimeSpan Ramp = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(OperationBenchOptions options)
    {
        Console.WriteLine($"isolation: {Machine.Processor}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, load {Machine.Load}; {options.Rounds} rounds of {options.Seconds} s");
        Console.WriteLine($"the healthy provider is called {Rate} times a second; the hanging one by {options.Hanging} callers over {HangingConnections} connections, all of the time{(options.Breaker ? ", with circuit breakers as they are by default" : "")}\n");
        await using var bench = await OperationBench.StartAsync(options.Breaker);
        var healthy = await bench.ConnectAsync("bench", "default");
        var hanging = new List<Uri>();
        for (var i = 0; i < HangingConnections; i++)
            hanging.Add(await bench.ConnectAsync("hanging", $"c{i}"));

        var seconds = TimeSpan.FromSeconds(options.Seconds);
        HttpRequestMessage Healthy() => bench.HubRequest(healthy);
        var next = 0;
        HttpRequestMessage Hanging() => bench.HubRequest(hanging[Interlocked.Increment(ref next) % HangingConnections]);
        await OperationLoad.SaturatedAsync(Healthy, 16, TimeSpan.FromSeconds(options.Warmup));

        // Calls that time out take ways through the hub that others do not, and those are compiled too.
        using (var warm = new CancellationTokenSource(TimeSpan.FromSeconds(options.Warmup)))
            await OperationLoad.SaturatedAsync(Hanging, options.Hanging, TimeSpan.FromHours(1), Ramp, options.Breaker, warm.Token);

        await Task.Delay(Settle);

        Console.WriteLine("| round | alone p50 | p99 | max | beside the hanging one p50 | p99 | max | failed | calls of the hanging one |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        var p99 = new List<(double Alone, double Beside)>();
        long failed = 0;
        for (var round = 1; round <= options.Rounds; round++)
        {
            var alone = OperationLoad.AtRate(Healthy, Rate, RateCallers, seconds);

            using var stop = new CancellationTokenSource();
            var load = OperationLoad.SaturatedAsync(Hanging, options.Hanging, TimeSpan.FromHours(1), Ramp, options.Breaker, stop.Token);

            await Task.Delay(Ramp + Settle);
            var beside = OperationLoad.AtRate(Healthy, Rate, RateCallers, seconds);
            await stop.CancelAsync();
            var hung = await load;

            // The hub notices that they all hung up; that is no part of the next round.
            await Task.Delay(Settle);
            failed += alone.Failed + beside.Failed;
            p99.Add((alone.At(0.99), beside.At(0.99)));
            Write($"| {round} | {alone.At(0.5):0.00} ms | {alone.At(0.99):0.00} ms | {alone.At(1):0.0} ms | {beside.At(0.5):0.00} ms | {beside.At(0.99):0.00} ms | {beside.At(1):0.0} ms | {alone.Failed + beside.Failed} | {hung.Latencies.Length}, {hung.Latencies.Length - hung.Failed} succeeded |");
        }

        Write($"| median | | **{Machine.Median(p99.Select(round => round.Alone)):0.00} ms** | | | **{Machine.Median(p99.Select(round => round.Beside)):0.00} ms** | | | |");
        Figures.Add(
            new Figure("a healthy provider's calls beside a hanging one, p99", Machine.Median(p99.Select(round => round.Beside)), "ms")
            {
                Baseline = Machine.Median(p99.Select(round => round.Alone)), Ratio = Machine.Median(p99.Select(round => round.Beside / round.Alone)),
                Meaning = $"{options.Hanging} callers keep a provider busy that never answers; the baseline is the healthy provider alone.",
            },
            new Figure("calls of the healthy provider that failed", failed, "calls") { Limit = Limit.None });
        Console.WriteLine($"\nhub: {bench.Hub.WorkingSet / 1048576} MB resident; load at the end {Machine.Load}");
        return 0;
    }

    private static void Write(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
