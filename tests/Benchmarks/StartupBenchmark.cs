using System.Globalization;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>How long the real hub takes to become ready, and what it holds then: without plugins, with the real ones, and with many.</summary>
internal static class StartupBenchmark
{
    public static async Task<int> RunAsync(StartupOptions options)
    {
        var hub = options.Hub ?? Path.Combine(AppContext.BaseDirectory, "hub.dll");
        using var farm = new PluginFarm(options.Manifests, options.Code);
        Scenario[] scenarios =
        [
            new("no plugin", farm.None, 0),
            new("the six of plugins/", Repository.At("plugins.json"), 6),
            new(Text($"{options.Manifests} manifest-only"), farm.OnlyManifests, options.Manifests),
            new(Text($"{options.Code} with code"), farm.OnlyCode, options.Code),
            new(Text($"{options.Manifests} + {options.Code}"), farm.All, options.Manifests + options.Code),
        ];

        Console.WriteLine(Text($"startup: {options.Rounds} rounds, {Environment.ProcessorCount} cores, {Machine.Processor}, {Machine.MemoryGb} GB, .NET {Environment.Version}, {farm.ManifestBytes / 1048576.0:0.0} MB of manifests"));

        // One start that does not count brings the files into the page cache; the scenarios take turns, so that what else the machine does falls on all.
        await HubRun.MeasureAsync(hub, farm.All, withHeap: false);
        for (var round = 0; round < options.Rounds; round++)
            foreach (var scenario in scenarios)
                scenario.Starts.Add(await HubRun.MeasureAsync(hub, scenario.Plugins, withHeap: false));

        foreach (var scenario in scenarios)
            scenario.Heap = (await HubRun.MeasureAsync(hub, scenario.Plugins, withHeap: true)).Heap;

        Report(scenarios);
        return Verify(scenarios) ? 0 : 1;
    }

    private static void Report(Scenario[] scenarios)
    {
        var empty = scenarios[0];
        Console.WriteLine();
        Console.WriteLine("| | ready (median) | fastest to slowest | to the empty hub | processor time | managed heap | resident | heap a plugin | resident a plugin |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var scenario in scenarios)
        {
            var (heapEach, residentEach) = scenario.Count == 0
                ? ("", "")
                : (Kb((scenario.Heap - empty.Heap) / scenario.Count), Kb((scenario.Resident - empty.Resident) / scenario.Count));
            Console.WriteLine(Text(
                $"| {scenario.Name} | {scenario.Ready:0} ms | {scenario.Starts.Min(s => s.ReadyMs):0} to {scenario.Starts.Max(s => s.ReadyMs):0} ms | {scenario.Ready / empty.Ready:0.00}× | {scenario.Cpu:0} ms | {Mb(scenario.Heap)} | {Mb(scenario.Resident)} | {heapEach} | {residentEach} |"));
        }

        Console.WriteLine();
    }

    private static bool Verify(Scenario[] scenarios)
    {
        var ok = true;
        foreach (var scenario in scenarios)
        {
            foreach (var start in scenario.Starts.Where(start => start.Loaded != scenario.Count || start.NotLoaded.Count > 0))
            {
                ok = false;
                Console.WriteLine($"{scenario.Name}: {start.Loaded} of {scenario.Count} loaded. {string.Join("; ", start.NotLoaded.Take(3))}");
            }
        }

        Console.WriteLine(ok ? "In every start, all plugins were loaded (GET /api/plugins)." : "Not all plugins were loaded.");
        return ok;
    }

    private static string Mb(long bytes) => Text($"{bytes / 1048576.0:0.0} MB");

    private static string Kb(long bytes) => Text($"{bytes / 1024.0:0} KB");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Scenario(string Name, string Plugins, int Count)
    {
        public List<HubStart> Starts { get; } = [];

        public long Heap { get; set; }

        public double Ready => Median(start => start.ReadyMs);

        public double Cpu => Median(start => start.CpuMs);

        public long Resident => (long)Median(start => start.Resident);

        private double Median(Func<HubStart, double> of)
        {
            var sorted = Starts.Select(of).Order().ToList();
            return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
        }
    }
}
