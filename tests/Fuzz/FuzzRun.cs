using System.Diagnostics;
using System.Text.Json;

namespace IntegrationHub.Fuzz;

/// <summary>Many cases, with what they came to.</summary>
internal sealed class FuzzRun(ulong seed, long cases, string? folder, TextWriter output)
{
    private const int KeepFailures = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(20);

    private readonly SortedDictionary<string, long> outcomes = new(StringComparer.Ordinal);
    private readonly HashSet<string> kinds = [];
    private FuzzCase? current;
    private long startedAt;

    public List<(FuzzCase Case, CaseResult Result)> Failures { get; } = [];

    public IReadOnlyDictionary<string, long> Outcomes => outcomes;

    public long Faults { get; private set; }

    public TimeSpan Slowest { get; private set; }

    public FuzzCase? SlowestCase { get; private set; }

    /// <summary>Runs the cases; a case that never ends is written to a file, and the process with it ends.</summary>
    public void Run(bool progress)
    {
        using var watch = new Timer(_ => Watch(), null, Hang, TimeSpan.FromSeconds(5));
        var clock = Stopwatch.StartNew();
        var told = TimeSpan.Zero;
        for (long number = 0; number < cases; number++)
        {
            One(FuzzCase.Of(seed, number));
            if (progress && clock.Elapsed - told > TimeSpan.FromSeconds(5))
            {
                told = clock.Elapsed;
                output.WriteLine($"{number + 1:N0} of {cases:N0} cases, {(number + 1) / clock.Elapsed.TotalSeconds:N0} a second, {Faults} faults");
            }
        }
    }

    public void One(FuzzCase one)
    {
        current = one;
        var before = Stopwatch.GetTimestamp();
        Volatile.Write(ref startedAt, before);
        var result = one.Run();
        var took = Stopwatch.GetElapsedTime(before);
        Volatile.Write(ref startedAt, 0);
        if (took > Slowest)
            (Slowest, SlowestCase) = (took, one);
        if (took > Limit && result.Fault is null)
            result = result with { Fault = $"It took {took.TotalSeconds:0.0} s." };

        outcomes[result.Outcome] = outcomes.GetValueOrDefault(result.Outcome) + 1;
        if (result.Fault is null)
            return;

        Faults++;
        var kind = string.Join('\n', result.Fault.Split('\n').Take(3));
        if (!kinds.Add(one.Target + kind) || Failures.Count >= KeepFailures)
            return;

        Failures.Add((one, result));
        output.WriteLine($"FAULT {one}: {result.Fault.Split('\n')[0]}");
        Write(one, one.Run(one.Minimise()));
    }

    private void Write(FuzzCase one, CaseResult result)
    {
        if (folder is null)
            return;

        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"{one.Target}-{one.Seed:x16}.json");
        File.WriteAllText(file, JsonSerializer.Serialize(new { @case = one.ToString(), result.Fault, result.Outcome, result.Steps, result.Input }, Shown.Options));
        output.WriteLine($"      {file}");
    }

    private void Watch()
    {
        var started = Volatile.Read(ref startedAt);
        if (started == 0 || Stopwatch.GetElapsedTime(started) < Hang || current is not { } stuck)
            return;

        output.WriteLine($"HANG {stuck}: it has been running for {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        Environment.FailFast($"The case {stuck} does not end.");
    }
}
