using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace IntegrationHub.Benchmarks.Reporting;

/// <summary>All that ran, as one Markdown document.</summary>
internal sealed class BenchmarkReport(DateTimeOffset started, bool quick, string load)
{
    private readonly List<StepResult> results = [];

    public IReadOnlyList<StepResult> Failed => [.. results.Where(static result => result.Failure is not null)];

    public void Add(StepResult result) => results.Add(result);

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
        Line($"# Benchmarks of the Integration Hub");
        Line($"");
        Line($"| | |");
        Line($"| --- | --- |");
        Line($"| Date | {started:yyyy-MM-dd HH:mm zzz} |");
        Line($"| Version | {Version} |");
        Line($"| Processor | {Machine.Processor}, {Environment.ProcessorCount} cores |");
        Line($"| Memory | {Machine.MemoryGb} GB |");
        Line($"| System | {RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, data on {Machine.FileSystem} |");
        Line($"| Runtime | {RuntimeInformation.FrameworkDescription} |");
        Line($"| Load before | {load} |");
        Line($"| Kind | {(quick ? "quick: short and small, so that its figures say little about speed" : "full")} |");
        Line($"");
        Line($"Load, hub and receivers share the machine. Speed is told as a ratio to a baseline of the same run; a limit that is not kept is marked, and fails nothing. Losses and duplicates do.");
        Line($"");
        Line($"## Losses and duplicates");
        Line($"");
        Line($"| benchmark | what | count | |");
        Line($"| --- | --- | ---: | --- |");
        foreach (var (step, figure) in results.SelectMany(static result => result.Figures.Select(figure => (result.Step, figure))).Where(static one => one.figure.Kind != FigureKind.Measure))
            Line($"| {step.Name} | {Escape(figure.Name)} | {figure.Value:#,0} | {Kept(figure)} |");

        Line($"");
        if (Failed.Count > 0)
        {
            Line($"## Failed");
            Line($"");
            foreach (var result in Failed)
                Line($"- **{result.Step.Name}**: {Escape(result.Failure!)}");
            Line($"");
        }

        foreach (var result in results)
            Write(result, text);

        return text.ToString();
    }

    private static void Write(StepResult result, StringBuilder text)
    {
        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
        Line($"## {result.Step.Name}");
        Line($"");
        Line($"{result.Step.About} `{string.Join(' ', result.Arguments)}`, {result.Took.TotalSeconds:0} s, load before {result.Load}{(result.Failure is null ? "" : ", **failed**")}; all that it wrote is in `{Path.GetFileName(Path.GetDirectoryName(result.Log))}/{Path.GetFileName(result.Log)}`.");
        Line($"");
        if (result.Figures.Count == 0)
        {
            Line($"No figures.");
            Line($"");
            return;
        }

        Line($"| figure | value | baseline | ratio | limit | | what it means |");
        Line($"| --- | ---: | ---: | ---: | --- | --- | --- |");
        foreach (var figure in result.Figures)
            Line($"| {Escape(figure.Name)} | {Number(figure.Value)} {figure.Unit} | {(figure.Baseline is { } baseline ? $"{Number(baseline)} {figure.Unit}" : "")} | {(figure.Ratio is { } ratio ? Share(ratio) : "")} | {figure.Limit?.Describe(figure.Unit)} | {Kept(figure)} | {Escape(figure.Meaning)} |");
        Line($"");
    }

    private static string Version =>
        typeof(BenchmarkReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Replace("+", ", commit ", StringComparison.Ordinal) ?? "unknown";

    private static string Kept(Figure figure) => figure.IsWithin switch
    {
        true => "kept",
        false => "**not kept**",
        null => "",
    };

    private static string Number(double value) => double.IsFinite(value)
        ? value.ToString(Math.Abs(value) >= 100 || value == Math.Truncate(value) ? "#,0" : Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture)
        : "none";

    private static string Share(double ratio) => double.IsFinite(ratio) ? ratio.ToString(ratio >= 10 ? "0.0×" : ratio >= 1.5 ? "0.00×" : "P1", CultureInfo.InvariantCulture) : "none";

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
