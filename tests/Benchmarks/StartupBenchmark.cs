using System.Globalization;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>How long the real hub takes to become ready, and what it holds then: without plugins, with the real ones, and with many. Then, how soon commands answer.</summary>
internal static class StartupBenchmark
{
    public static async Task<int> RunAsync(StartupOptions options)
    {
        Console.Error.WriteLine("Making the plugins");
        using var farm = new PluginFarm(options.Manifests, options.Code);
        var all = options.Hubs.Select(hub => Scenarios(hub, options, farm)).ToList();
        Console.WriteLine(Text(
            $"startup: {options.Rounds} rounds, {Environment.ProcessorCount} cores, {Machine.Processor}, {Machine.MemoryGb} GB, .NET {Environment.Version}, {farm.ManifestBytes / 1048576.0:0.0} MB of manifests, load {Machine.Load}"));

        // One start that does not count brings the files into the page cache; scenarios and hubs take turns, so that what else the machine does falls on all.
        foreach (var hub in options.Hubs)
            await HubRun.MeasureAsync(hub, farm.All, farm.NewDataFolder(), withHeap: false);

        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var scenario in InTurns(all))
            {
                var start = await HubRun.MeasureAsync(scenario.Hub, scenario.Plugins, farm.NewDataFolder(), withHeap: false);
                scenario.Starts.Add(start);
                Console.Error.WriteLine(Text($"round {round} of {options.Rounds}: {scenario.Name}, ready after {start.ReadyMs:0} ms, {start.Loaded} of {scenario.Count} plugins loaded"));
            }
        }

        foreach (var scenario in InTurns(all))
        {
            scenario.Collected = await HubRun.MeasureAsync(scenario.Hub, scenario.Plugins, farm.NewDataFolder(), withHeap: true);
            Console.Error.WriteLine(Text($"memory after a full collection: {scenario.Name}, {Mb(scenario.Collected.Heap)} managed"));
        }

        foreach (var scenarios in all)
        {
            Report(scenarios);
            ReportFurther(scenarios);
        }

        var ok = Verify([.. InTurns(all)]);
        foreach (var hub in options.Hubs)
            await StartupCommands.RunAsync(hub, farm, options.Rounds);

        Console.WriteLine(Text($"Load at the end: {Machine.Load}."));
        return ok ? 0 : 1;
    }

    private static Scenario[] Scenarios(string hub, StartupOptions options, PluginFarm farm) =>
    [
        new(hub, "no plugin", farm.None, 0),
        new(hub, "those of plugins/", Repository.At("plugins.json"), Directory.EnumerateDirectories(Repository.At("plugins")).Count(folder => File.Exists(Path.Combine(folder, "manifest.json")))),
        new(hub, "one manifest-only", farm.FirstManifest, 1),
        new(hub, "one with code", farm.FirstCode, 1),
        new(hub, Text($"{options.Manifests} manifest-only"), farm.OnlyManifests, options.Manifests),
        new(hub, Text($"{options.Code} with code"), farm.OnlyCode, options.Code),
        new(hub, Text($"{options.Manifests} + {options.Code}"), farm.All, options.Manifests + options.Code),
    ];

    private static IEnumerable<Scenario> InTurns(List<Scenario[]> all) => Enumerable.Range(0, all[0].Length).SelectMany(i => all.Select(scenarios => scenarios[i]));

    private static void Report(Scenario[] scenarios)
    {
        var empty = scenarios[0];
        Console.WriteLine();
        Console.WriteLine(empty.Hub);
        Console.WriteLine();
        Console.WriteLine("| | ready (median) | fastest to slowest | to the empty hub | processor time | resident | managed heap, collected | resident, collected |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var scenario in scenarios)
        {
            var collected = scenario.Collected;
            Figures.Add(
                Figure.Against($"{scenario.Name}: ready after", scenario.Ready, empty.Ready, "ms") with { Meaning = scenario == empty ? "From the start of the process to the first 200 of `/health/ready`; the baseline is a hub without plugins." : "" },
                Figure.Against($"{scenario.Name}: resident", scenario.Resident / 1048576.0, empty.Resident / 1048576.0, "MB"));
            Console.WriteLine(Text(
                $"| {scenario.Name} | {scenario.Ready:0} ms | {scenario.Starts.Min(s => s.ReadyMs):0} to {scenario.Starts.Max(s => s.ReadyMs):0} ms | {scenario.Ready / empty.Ready:0.00}× | {scenario.Cpu:0} ms | {Mb(scenario.Resident)} | {Mb(collected.Heap)} | {Mb(collected.Resident)} |"));
        }

        Console.WriteLine();
    }

    /// <summary>What one more plugin costs: the first of its kind also pays for what all share.</summary>
    private static void ReportFurther(Scenario[] scenarios)
    {
        foreach (var (first, many) in ((int, int)[])[(2, 4), (3, 5)])
        {
            var (one, all) = (scenarios[first], scenarios[many]);
            var more = Math.Max(all.Count - one.Count, 1);
            Console.WriteLine(Text(
                $"Each further plugin ({all.Name}): {(all.Ready - one.Ready) / more:0.0} ms to ready, {Kb((all.Collected.Heap - one.Collected.Heap) / more)} of managed heap, {Kb((all.Collected.Resident - one.Collected.Resident) / more)} resident after a collection."));
        }

        Console.WriteLine();
    }

    private static bool Verify(Scenario[] scenarios)
    {
        var ok = true;
        foreach (var scenario in scenarios)
        {
            foreach (var start in scenario.Starts.Append(scenario.Collected).Where(start => start.Loaded != scenario.Count || start.NotLoaded.Count > 0))
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

    private sealed record Scenario(string Hub, string Name, string Plugins, int Count)
    {
        public List<HubStart> Starts { get; } = [];

        public HubStart Collected { get; set; } = null!;

        public double Ready => Machine.Median(Starts.Select(start => start.ReadyMs));

        public double Cpu => Machine.Median(Starts.Select(start => start.CpuMs));

        public long Resident => (long)Machine.Median(Starts.Select(start => (double)start.Resident));
    }
}
