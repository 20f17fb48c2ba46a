using System.Globalization;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

/// <summary>Reads filters from a query string and collects what is wrong with them, so that a caller hears of everything at once.</summary>
internal sealed class QueryReader(IQueryCollection query)
{
    private readonly List<ValidationIssue> issues = [];

    public string? Text(string name) => query.TryGetValue(name, out var values) && !string.IsNullOrEmpty(values[0]) ? values[0] : null;

    /// <summary>An event type with wildcards.</summary>
    public string? Pattern(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (!EventPattern.TryParse(text, out _, out var error))
            issues.Add(new ValidationIssue("/" + name, error.Message, error.Hint));
        return text;
    }

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            return time;

        issues.Add(new ValidationIssue("/" + name, "This is no time.", "Write it in ISO 8601, such as 2026-01-31T12:00:00Z."));
        return null;
    }

    public DeliveryStatus? Status(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out _) && Enum.TryParse<DeliveryStatus>(text, ignoreCase: true, out var status))
            return status;

        issues.Add(new ValidationIssue("/" + name, "There is no such status.", "One of pending, delivered, dead, cancelled."));
        return null;
    }

    /// <exception cref="ProblemException">Something was wrong.</exception>
    public void ThrowIfFaulty()
    {
        if (issues.Count > 0)
            throw Problem.Invalid("The query is not valid.", issues).ToException();
    }
}
