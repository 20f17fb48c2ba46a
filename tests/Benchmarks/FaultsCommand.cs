using IntegrationHub.Benchmarks.Faults;
using IntegrationHub.Benchmarks.Reporting;

namespace IntegrationHub.Benchmarks;

/// <summary>Every fault that a hub must live through, done to a real one; prints the table of <c>docs/faults.md</c>.</summary>
internal static class FaultsCommand
{
    private static readonly (string Name, Func<Task<IReadOnlyList<FaultRow>>> Run)[] Scenarios =
    [
        ("disk-full", () => One(DiskFaults.FullAsync)),
        ("read-only", () => One(DiskFaults.ReadOnlyAsync)),
        ("torn-log", DiskFaults.TornLogAsync),
        ("clock", () => One(ClockFaults.JumpsAsync)),
        ("never-answers", () => One(SubscriberFaults.NeverAnswersAsync)),
        ("slow-head", () => One(SubscriberFaults.OneByteASecondAsync)),
        ("slow-body", () => One(SubscriberFaults.SlowBodyAsync)),
        ("batch", () => One(LoadFaults.BatchAsync)),
        ("subscriptions", () => One(() => LoadFaults.SubscriptionsAsync(10_000))),
    ];

    public static async Task<int> RunAsync(string[] names)
    {
        if (names.FirstOrDefault(name => Scenarios.All(scenario => scenario.Name != name)) is { } unknown)
        {
            Console.Error.WriteLine($"There is no fault '{unknown}'; there are {string.Join(", ", Scenarios.Select(scenario => scenario.Name))}.");
            return 64;
        }

        Console.WriteLine($"faults: {Machine.Processor}, {Environment.ProcessorCount} cores, {Machine.MemoryGb} GB, .NET {Environment.Version}, load {Machine.Load}");
        var rows = new List<FaultRow>();
        foreach (var (name, run) in Scenarios.Where(scenario => names.Length == 0 || names.Contains(scenario.Name)))
        {
            Console.WriteLine($"{name} …");
            try
            {
                rows.AddRange(await run());
            }
            catch (Exception exception)
            {
                rows.Add(new FaultRow(name, $"the scenario itself failed: {exception.Message.ReplaceLineEndings(" ")}", false));
            }
        }

        Console.WriteLine();
        Console.WriteLine("| fault | what happened | as it shall be |");
        Console.WriteLine("| --- | --- | --- |");
        foreach (var row in rows)
            Console.WriteLine($"| {row.Fault} | {row.Happened.Replace('|', '/')} | {(row.IsSound ? "yes" : "**no**")} |");

        Figures.Add([.. rows.Select(row => new Figure(row.Fault, row.IsSound ? 1 : 0, "as it shall be") { Limit = Limit.Least(1), Meaning = row.Happened })]);
        return rows.TrueForAll(row => row.IsSound) ? 0 : 1;
    }

    private static async Task<IReadOnlyList<FaultRow>> One(Func<Task<FaultRow>> run) => [await run()];
}
