using System.Collections.Concurrent;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Suite;

/// <summary>Runs checks one after the other and keeps what they find. A check that crashes has found a fault of its own.</summary>
internal sealed class SuiteLog(ConformanceOptions options)
{
    private readonly List<ConformanceCheck> checks = [];
    private readonly List<ConformanceFinding> findings = [];

    public IReadOnlyList<ConformanceCheck> Checks => checks;

    public IReadOnlyList<ConformanceFinding> Findings => findings;

    public bool HasErrors => findings.Exists(finding => finding.Severity == FindingSeverity.Error);

    public bool Failed(string check) => findings.Exists(finding => finding.Check == check && finding.Severity == FindingSeverity.Error);

    /// <summary>Whether a check ran and found no error.</summary>
    public bool Proved(string check) => checks.Exists(done => done.Id == check && done.Outcome is CheckOutcome.Passed or CheckOutcome.Warned);

    public void Skip(string id, string title, string reason) =>
        checks.Add(new ConformanceCheck { Id = id, Title = title, Outcome = CheckOutcome.Skipped, Reason = reason });

    public void Run(string id, string title, Action<CheckLog> check) => End(id, title, () =>
    {
        var log = new CheckLog(id);
        Guard(log, () => check(log));
        return log;
    });

    public async Task RunAsync(string id, string title, Func<CheckLog, Task> check, CancellationToken cancellationToken)
    {
        if (IsSkipped(id, title))
            return;

        var log = new CheckLog(id);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await check(log).ConfigureAwait(false);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            log.Crashed(fault);
        }

        Add(id, title, log);
    }

    private static void Guard(CheckLog log, Action check)
    {
        try
        {
            check();
        }
        catch (Exception fault)
        {
            log.Crashed(fault);
        }
    }

    private void End(string id, string title, Func<CheckLog> run)
    {
        if (!IsSkipped(id, title))
            Add(id, title, run());
    }

    private bool IsSkipped(string id, string title)
    {
        if (!options.Skip.Contains(id) && !options.Skip.Contains(ReportText.GroupOf(id)))
            return false;

        Skip(id, title, "left out on request");
        return true;
    }

    private void Add(string id, string title, CheckLog log)
    {
        // What judged nothing has shown nothing, whatever the check's author forgot.
        if (log.Cases == 0 && log.SkipReason is null)
            log.NotApplicable("there was nothing to judge");

        findings.AddRange(log.Findings);
        checks.Add(new ConformanceCheck
        {
            Id = id,
            Title = title,
            Cases = log.Cases,
            Outcome = log.SkipReason is not null && log.Findings.Count == 0 ? CheckOutcome.Skipped
                : log.Findings.Any(finding => finding.Severity == FindingSeverity.Error) ? CheckOutcome.Failed
                : log.Findings.Count > 0 ? CheckOutcome.Warned
                : CheckOutcome.Passed,
            Reason = log.Findings.Count == 0 ? log.SkipReason : null,
        });
    }
}

/// <summary>What one check finds. Thread-safe; the same finding counts once.</summary>
internal sealed class CheckLog(string id)
{
    /// <summary>More of a kind say nothing new.</summary>
    private const int MostFindings = 25;

    private readonly ConcurrentQueue<ConformanceFinding> found = new();
    private int cases;
    private int dropped;

    public int Cases => cases;

    public string? SkipReason { get; private set; }

    public IReadOnlyList<ConformanceFinding> Findings => dropped == 0
        ? [.. found]
        : [.. found, new ConformanceFinding { Severity = FindingSeverity.Warning, Check = id, Message = $"{dropped} further findings of this check are left out." }];

    public void Case() => Interlocked.Increment(ref cases);

    /// <summary>So many cases at once: what other checks called, looked at here.</summary>
    public void AddCases(int count) => Interlocked.Add(ref cases, count);

    /// <summary>Nothing here applies to the plugin.</summary>
    public void NotApplicable(string reason) => SkipReason = reason;

    public void Error(string pointer, string message, string? hint = null) => Add(FindingSeverity.Error, pointer, message, hint);

    public void Warn(string pointer, string message, string? hint = null) => Add(FindingSeverity.Warning, pointer, message, hint);

    public void Error(ValidationIssue issue) => Error(issue.Pointer, issue.Message, issue.Hint);

    public void Warn(ValidationIssue issue) => Warn(issue.Pointer, issue.Message, issue.Hint);

    public void Crashed(Exception fault) =>
        Error("", $"The check itself failed: {fault.GetType().Name}: {fault.Message} {fault.StackTrace?.Split('\n')[0].Trim()}", "Report this as a fault of the conformance kit.");

    private void Add(FindingSeverity severity, string pointer, string message, string? hint)
    {
        var finding = new ConformanceFinding { Severity = severity, Check = id, Pointer = pointer, Message = message, Hint = hint };
        if (found.Contains(finding))
            return;

        if (found.Count >= MostFindings)
            Interlocked.Increment(ref dropped);
        else
            found.Enqueue(finding);
    }
}
