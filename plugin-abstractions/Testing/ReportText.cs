using System.Globalization;
using System.Text;

namespace IntegrationHub.Testing;

/// <summary>Writes a report for people.</summary>
internal static class ReportText
{
    private const int MostPointers = 5;

    public static string Write(ConformanceReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{report.PluginId ?? "(unknown plugin)"} {report.Version} ({report.Kind}): {Level(report.Level)}\n");
        WriteChecks(text, report);
        WriteMissing(text, report);

        var errors = report.Findings.Count(finding => finding.Severity == FindingSeverity.Error);
        var warnings = report.Findings.Count - errors;
        text.Append(CultureInfo.InvariantCulture, $"\n{Count(errors, "error")}, {Count(warnings, "warning")}; {Count(report.Checks.Sum(check => check.Cases), "case")}; seed {report.Seed}\n");
        return text.ToString();
    }

    private static void WriteChecks(StringBuilder text, ConformanceReport report)
    {
        // Some groups are gone back to at the end of a run; in the report each stands once.
        foreach (var group in report.Checks.GroupBy(check => GroupOf(check.Id), StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{group.Key}\n");
            foreach (var check in group)
                WriteCheck(text, report, check);
        }
    }

    private static void WriteCheck(StringBuilder text, ConformanceReport report, ConformanceCheck check)
    {
        var mark = check.Outcome switch { CheckOutcome.Passed => "ok  ", CheckOutcome.Warned => "warn", CheckOutcome.Failed => "FAIL", _ => "skip" };
        text.Append(CultureInfo.InvariantCulture, $"  {mark}  {check.Id,-26}  {check.Title}");
        text.Append(check.Outcome == CheckOutcome.Skipped ? $": {check.Reason}" : check.Cases > 0 ? $" ({check.Cases.ToString(CultureInfo.InvariantCulture)})" : "").Append('\n');
        foreach (var finding in report.Findings.Where(finding => finding.Check == check.Id))
            WriteFinding(text, finding);
    }

    private static void WriteFinding(StringBuilder text, ConformanceFinding finding)
    {
        text.Append(finding.Severity == FindingSeverity.Error ? "          error    " : "          warning  ");
        if (finding.Pointer.Length > 0)
            text.Append(finding.Pointer).Append(": ");

        text.Append(finding.Message);
        if (finding.Hint is not null)
            text.Append(' ').Append(finding.Hint);

        text.Append('\n');
    }

    private static void WriteMissing(StringBuilder text, ConformanceReport report)
    {
        if (report.NextLevel is not { } next)
            return;

        text.Append(CultureInfo.InvariantCulture, $"\nmissing for {Level(next)}\n");
        foreach (var requirement in report.Missing)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - {requirement.Message}");
            if (requirement.Hint is not null)
                text.Append(". ").Append(requirement.Hint);

            if (requirement.Pointers.Count > 0)
            {
                text.Append(" (").AppendJoin(", ", requirement.Pointers.Take(MostPointers));
                text.Append(requirement.Pointers.Count > MostPointers ? ", …)" : ")");
            }

            text.Append('\n');
        }
    }

    public static string GroupOf(string check) => check.Split('.')[0];

    private static string Level(QualityLevel level) => level.ToString().ToLowerInvariant();

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
