using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Testing;

namespace IntegrationHub.Host.Cli;

/// <summary>What the conformance kit said of a plugin, or how its process ended instead.</summary>
internal sealed record CertifyResult(string Folder, ConformanceReport? Report, IReadOnlyList<CliFinding> Crashes)
{
    public QualityLevel Level => Crashes.Count > 0 ? QualityLevel.None : Report?.Level ?? QualityLevel.None;

    public bool IsAtLeast(QualityLevel wanted) => Crashes.Count == 0 && Report is { Passed: true } && Level >= wanted;
}

/// <summary>
/// Runs the conformance kit in a process of its own: a plugin that ends its process, uses up its memory or never returns ends that one, and that is then the finding.
/// The process gets none of the hub's environment variables, in which secrets may be.
/// </summary>
internal static class CertifyRun
{
    private const int KeptLines = 12;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <summary>The child's side: runs the kit, and leaves the report behind as a whole file.</summary>
    public static async Task<int> WriteReportAsync(string folder, string reportFile, IReadOnlyList<string> descriptions, CancellationToken cancellationToken)
    {
        var report = await PluginConformance.RunAsync(folder, new ConformanceOptions { DescriptionFiles = descriptions }, cancellationToken);
        var temporary = reportFile + ".tmp";
        await File.WriteAllTextAsync(temporary, report.ToJson(), cancellationToken);
        File.Move(temporary, reportFile);

        // Everything is said. What a plugin left behind (threads, handlers of the process's end) would keep the process from ending.
        using var own = Process.GetCurrentProcess();
        own.Kill();
        return CliExitCodes.Ok;
    }

    public static async Task<CertifyResult> RunAsync(string folder, IReadOnlyList<string> descriptions, TimeSpan limit, CancellationToken cancellationToken)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var exchange = Directory.CreateTempSubdirectory("hub-certify-");
        try
        {
            var reportFile = Path.Combine(exchange.FullName, "report.json");
            var ended = await RunChildAsync(folder, reportFile, descriptions, limit, cancellationToken);
            var report = File.Exists(reportFile) ? JsonSerializer.Deserialize<ConformanceReport>(await File.ReadAllTextAsync(reportFile, cancellationToken), Options) : null;
            return new CertifyResult(folder, report, report is null ? [ended.ToFinding(folder, limit)] : []);
        }
        finally
        {
            exchange.Delete(recursive: true);
        }
    }

    private static async Task<ChildEnd> RunChildAsync(string folder, string reportFile, IReadOnlyList<string> descriptions, TimeSpan limit, CancellationToken cancellationToken)
    {
        var more = descriptions.SelectMany(file => (string[])["--description", file]);
        var start = OwnProgram.Start(["plugin", CertifyCommand.ChildName, folder, "--report", reportFile, .. more]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("HUB_", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);

        using var process = new Process { StartInfo = start };
        var tail = new Tail();
        process.OutputDataReceived += (_, line) => tail.Add(line.Data);
        process.ErrorDataReceived += (_, line) => tail.Add(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return new ChildEnd(process.ExitCode, tail.Lines);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(EndLimit, CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            return new ChildEnd(null, tail.Lines);
        }
    }

    /// <summary>How the process ended without a report.</summary>
    /// <param name="ExitCode"><see langword="null"/> when it had to be killed.</param>
    /// <param name="LastLines">What it wrote last.</param>
    private sealed record ChildEnd(int? ExitCode, IReadOnlyList<string> LastLines)
    {
        public CliFinding ToFinding(string folder, TimeSpan limit)
        {
            var (message, hint) = ExitCode switch
            {
                null => (string.Create(CultureInfo.InvariantCulture, $"The run did not end within {limit.TotalSeconds:0} s and was killed."), "Something in the plugin blocks for ever. --timeout gives it longer."),
                134 or 6 or -1073741819 or unchecked((int)0x80131623) => ("The plugin ended its process: Environment.FailFast, a failed assertion, or an exception on a thread of its own.", "In a hub it would end the hub. Catch what threads and timers throw."),
                139 or 11 => ("The plugin ended its process: it used memory that it may not (a segmentation fault).", "Look at its native libraries and unsafe code. In a hub it would end the hub."),
                137 or 9 => ("The process was killed, perhaps because memory ran out.", "Watch how much memory the plugin takes."),
                0 => ("The plugin ended its process with Environment.Exit.", "A plugin must not end the process: in a hub it would end the hub."),
                { } code => (string.Create(CultureInfo.InvariantCulture, $"The process ended with code {code} before the run was complete."), "In a hub this could end the hub."),
            };
            var said = LastLines.Count == 0 ? "" : $" It said last: {string.Join(" | ", LastLines)}";
            return new CliFinding(FindingKind.Error, folder, null, null, "", message + said, hint);
        }
    }

    /// <summary>The last lines that a process wrote, fit to be shown: whoever writes them is not trusted.</summary>
    private sealed class Tail
    {
        private const int LongestLine = 300;
        private readonly Queue<string> lines = new();

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (lines)
                    return [.. lines];
            }
        }

        public void Add(string? line)
        {
            if (string.IsNullOrWhiteSpace(line))
                return;

            var shown = new string([.. line.Take(LongestLine).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
            lock (lines)
            {
                lines.Enqueue(shown);
                if (lines.Count > KeptLines)
                    lines.Dequeue();
            }
        }
    }
}
