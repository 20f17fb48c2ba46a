namespace IntegrationHub.Testing;

/// <summary>A plugin does not conform. The message is the whole report as text, so that any test framework shows it.</summary>
public sealed class ConformanceException : Exception
{
    /// <summary>For a report with errors, or below the wanted level.</summary>
    public ConformanceException(ConformanceReport report)
        : base(Environment.NewLine + (report ?? throw new ArgumentNullException(nameof(report))).ToText()) => Report = report;

    /// <summary>What was found.</summary>
    public ConformanceReport Report { get; }
}
