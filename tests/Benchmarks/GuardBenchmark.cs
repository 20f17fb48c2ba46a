using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Host.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Benchmarks;

/// <summary>
/// What the boundary around a plugin with code costs per call: the same adapter called directly, on a thread of the pool (what any host must do that does not want to be blocked),
/// and behind the boundary, in turn in the same process. One call after the other shows the latency with its two changes of threads; 16 at once show the work.
/// </summary>
internal static class GuardBenchmark
{
    private delegate Task<OperationResult> Way(OperationRequest request, CancellationToken cancellationToken);

    public static async Task<int> RunAsync(string[] args)
    {
        var calls = args is ["--calls", var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 100_000;
        var plugin = new Echo();
        var time = TimeProvider.System;
        var limits = new PluginLimits();
        var ledger = new FaultLedger("echo", new QuarantineOptions(), new QuarantineRequests(), time, NullLogger.Instance);
        var threads = new PluginThreads("echo", 144);
        await using var guard = new GuardedAdapter(plugin, "echo", ledger, threads, new LogBudget("echo", limits, ledger, time, NullLogger.Instance), limits, time, NullLogger.Instance);
        (string Name, Way Call)[] ways =
        [
            ("direct", async (request, token) => await plugin.ExecuteAsync(request, token)),
            ("pool", (request, token) => Task.Run(async () => await plugin.ExecuteAsync(request, token), token)),
            ("guarded", async (request, token) => await guard.ExecuteAsync(request, token)),
        ];
        Console.WriteLine($"{calls:N0} calls a round, 5 rounds, medians; {Environment.ProcessorCount} cores, .NET {Environment.Version}\n");
        Console.WriteLine("| plugin | calls at once | way | µs per call | bytes per call |\n|---|---:|---|---:|---:|");
        foreach (var waits in new[] { false, true })
        {
            foreach (var atOnce in new[] { 1, 16 })
            {
                var rounds = ways.ToDictionary(way => way.Name, _ => new List<(double Micros, double Bytes)>());
                for (var round = 0; round < 6; round++)
                {
                    foreach (var (name, call) in ways)
                    {
                        var figures = await MeasureAsync(call, calls, atOnce, waits ? "wait" : "run");
                        if (round > 0)
                            rounds[name].Add(figures);
                    }
                }

                double Of(string way) => Median(rounds[way].Select(figure => figure.Micros));
                Figures.Add(Figure.Against($"a guarded call, {(waits ? "plugin awaits" : "plugin returns at once")}, {atOnce} at once", Of("guarded"), Of("pool"), "µs") with
                {
                    Meaning = "What the boundary around a plugin with code costs; the baseline is the same adapter on a thread of the pool.",
                });
                foreach (var (name, figures) in rounds)
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {(waits ? "waits" : "returns at once")} | {atOnce} | {name} | {Median(figures.Select(figure => figure.Micros)):0.00} | {Median(figures.Select(figure => figure.Bytes)):0} |"));
            }
        }

        return 0;
    }

    private static async Task<(double Micros, double Bytes)> MeasureAsync(Way call, int calls, int atOnce, string operation)
    {
        var request = new OperationRequest
        {
            Operation = operation,
            Parameters = JsonElement.Parse("{}"),
            CorrelationId = "req_1",
            Connection = new ConnectionContext { Id = "conn_1", Project = "default", Provider = "echo", Environment = "dev", Alias = "default", Config = JsonElement.Parse("{}") },
        };
        using var caller = new CancellationTokenSource();
        var left = calls;
        var bytes = GC.GetTotalAllocatedBytes();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
                if (!(await call(request, caller.Token)).Succeeded)
                    throw new InvalidOperationException("The call failed.");
        })));
        return (Stopwatch.GetElapsedTime(started).TotalMicroseconds / calls, (double)(GC.GetTotalAllocatedBytes() - bytes) / calls);
    }

    private static double Median(IEnumerable<double> figures) => figures.Order().ElementAt(2);

    private sealed class Echo : IProviderAdapter
    {
        private static readonly OperationResult Answer = OperationResult.Success(JsonElement.Parse("""{ "id": "pay_1", "status": "paid" }"""));

        public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
        {
            if (request.Operation == "wait")
                await Task.Yield();

            return Answer;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
