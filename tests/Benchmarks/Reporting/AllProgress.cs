using System.Diagnostics;
using System.Globalization;

namespace IntegrationHub.Benchmarks.Reporting;

/// <summary>Shows how far it is: one line that changes on a terminal, else a plain line at each beginning and end. Thread-safe.</summary>
internal sealed class AllProgress : IAsyncDisposable
{
    private const string Erase = "\r\u001b[2K";

    private readonly BenchmarkStep[] steps;
    private readonly bool quick;
    private readonly TextWriter output;
    private readonly bool isTerminal;
    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Stopwatch own = new();
    private readonly Timer? timer;
    private TimeSpan expectedOfDone;
    private TimeSpan took;
    private int number;

    public AllProgress(BenchmarkStep[] steps, bool quick, TextWriter output, bool isTerminal)
    {
        this.steps = steps;
        this.quick = quick;
        this.output = output;
        this.isTerminal = isTerminal;
        timer = isTerminal ? new Timer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) : null;
    }

    public void Begin(BenchmarkStep step)
    {
        lock (gate)
        {
            number++;
            own.Restart();
            if (isTerminal)
                output.Write(Erase + Line());
            else
                output.WriteLine(Line());
        }
    }

    public void End(StepResult result)
    {
        lock (gate)
        {
            own.Stop();
            expectedOfDone += result.Step.Expected(quick);
            took += result.Took;
            var missed = result.Figures.Count(figure => figure.IsWithin == false);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(isTerminal ? Erase : "")}[{number}/{steps.Length}] {result.Step.Name}: {(result.Failure is null ? "done" : "FAILED")} after {Text(result.Took)}, {result.Figures.Count} figures{(missed > 0 ? $", {missed} not within their limits" : "")}{(result.Failure is { } failure ? $"; {failure}" : "")}"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (timer is not null)
            await timer.DisposeAsync();
    }

    private void Tick()
    {
        lock (gate)
        {
            if (own.IsRunning)
                output.Write(Erase + Line());
        }
    }

    private string Line() => $"[{number}/{steps.Length}] {steps[number - 1].Name}: {Text(clock.Elapsed)} elapsed, about {Text(Remaining())} remaining";

    /// <summary>By how long each is known to take, and how much longer those took that are done.</summary>
    private TimeSpan Remaining()
    {
        var pace = expectedOfDone > TimeSpan.Zero ? took / expectedOfDone : 1;
        var current = (steps[number - 1].Expected(quick) * pace) - own.Elapsed;
        var later = steps.Skip(number).Aggregate(TimeSpan.Zero, (sum, step) => sum + (step.Expected(quick) * pace));
        return later + (current > TimeSpan.Zero ? current : TimeSpan.Zero);
    }

    private static string Text(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}
