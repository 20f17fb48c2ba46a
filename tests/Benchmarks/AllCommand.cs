using System.Diagnostics;
using System.Globalization;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>Runs every benchmark, each in a process of its own and one after the other, goes on when one fails, and writes one report.</summary>
internal static class AllCommand
{
    private const int Wrong = 64;
    private const int LastLines = 5;

    public static async Task<int> RunAsync(string[] args)
    {
        var (quick, report, names) = (false, (string?)null, new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--quick")
                quick = true;
            else if (args[i] == "--report" && i + 1 < args.Length)
                report = args[++i];
            else
                names.Add(args[i]);
        }

        if (names.FirstOrDefault(name => BenchmarkStep.All.All(step => step.Name != name)) is { } unknown)
        {
            Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are {string.Join(", ", BenchmarkStep.All.Select(step => step.Name))}.");
            return Wrong;
        }

        var started = TimeProvider.System.GetLocalNow();
        var file = Path.GetFullPath(report ?? Repository.At("artifacts", "benchmarks", started.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture), "report.md"));
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(file)!, Path.GetFileNameWithoutExtension(file) + "-logs")).FullName;
        BenchmarkStep[] steps = [.. BenchmarkStep.All.Where(step => names.Count == 0 || names.Contains(step.Name))];
        var written = new BenchmarkReport(started, quick, Machine.Load);
        await using (var progress = new AllProgress(steps, quick, Console.Out, isTerminal: !Console.IsOutputRedirected))
        {
            foreach (var step in steps)
            {
                progress.Begin(step);
                var result = await RunAsync(step, quick, folder);
                written.Add(result);

                // After each one: what is there stays, whatever happens to the rest.
                await File.WriteAllTextAsync(file, written.ToMarkdown());
                progress.End(result);
            }
        }

        Console.WriteLine($"report: {file}");
        if (written.Failed is { Count: > 0 } failed)
            Console.WriteLine($"FAILED: {string.Join(", ", failed.Select(result => result.Step.Name))}");
        return written.Failed.Count == 0 ? 0 : 1;
    }

    private static async Task<StepResult> RunAsync(BenchmarkStep step, bool quick, string folder)
    {
        var arguments = step.Arguments(quick);
        var (log, figures, load) = (Path.Combine(folder, step.Name + ".log"), Path.Combine(folder, step.Name + ".json"), Machine.Load);
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { [Figures.Variable] = figures } };
        var clock = Stopwatch.StartNew();
        var last = new Queue<string>();
        string? failure = null;
        await using (var writer = TextWriter.Synchronized(new StreamWriter(log)))
        {
            using var process = Process.Start(start)!;
            void Take(string? line)
            {
                if (line is null)
                    return;

                writer.WriteLine(line);
                lock (last)
                {
                    last.Enqueue(line);
                    if (last.Count > LastLines)
                        last.Dequeue();
                }
            }

            process.OutputDataReceived += (_, data) => Take(data.Data);
            process.ErrorDataReceived += (_, data) => Take(data.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            using var patience = new CancellationTokenSource(step.Patience(quick));
            try
            {
                await process.WaitForExitAsync(patience.Token);
                if (process.ExitCode != 0)
                    failure = $"exit code {process.ExitCode}";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
                failure = string.Create(CultureInfo.InvariantCulture, $"not done after {clock.Elapsed.TotalMinutes:0} minutes, and ended");
            }
        }

        if (failure is not null)
        {
            lock (last)
                failure += ": " + string.Join(" / ", last.Where(line => line.Length > 0).Select(line => line.Trim()));
        }

        return new StepResult(step, arguments, clock.Elapsed, load, Figures.Read(figures), failure, log);
    }
}
