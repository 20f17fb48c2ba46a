using System.Globalization;
using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Http;

/// <summary>Reads filters from a query string and collects what is wrong with them, so that a caller hears of everything at once.</summary>
internal class QueryReader(IQueryCollection query)
{
    private readonly List<ValidationIssue> issues = [];

    public string? Text(string name) => query.TryGetValue(name, out var values) && !string.IsNullOrEmpty(values[0]) ? values[0] : null;

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            return time;

        Fault(name, "This is no time.", "Write it in ISO 8601, such as 2026-01-31T12:00:00Z.");
        return null;
    }

    /// <summary>One of an enumeration's values, in snake case.</summary>
    public TValue? OneOf<TValue>(string name)
        where TValue : struct, Enum
    {
        if (Text(name) is not { } text)
            return null;

        foreach (var value in Enum.GetValues<TValue>())
            if (string.Equals(NameOf(value), text, StringComparison.OrdinalIgnoreCase))
                return value;

        Fault(name, $"There is no such {name}.", $"One of {string.Join(", ", Enum.GetValues<TValue>().Select(NameOf))}.");
        return null;
    }

    public void Fault(string name, string message, string? hint = null) => issues.Add(new ValidationIssue("/" + name, message, hint));

    /// <exception cref="ProblemException">Something was wrong.</exception>
    public void ThrowIfFaulty()
    {
        if (issues.Count > 0)
            throw Problem.Invalid("The query is not valid.", issues).ToException();
    }

    private static string NameOf<TValue>(TValue value)
        where TValue : struct, Enum =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
