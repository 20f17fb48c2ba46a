using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// A compiled filter: a condition on fields of an event. Evaluation throws nothing, uses no reflection, and takes a bounded number of steps; an event that would take more
/// passes, since what cannot be judged is better delivered than lost. Immutable and thread-safe.
/// </summary>
internal sealed class EventFilter
{
    /// <summary>Values looked at and compared for one event.</summary>
    public const int MaxSteps = 200_000;

    private readonly FilterNode root;

    private EventFilter(FilterNode root) => this.root = root;

    /// <summary>Whether it looks at more than the attributes of the envelope.</summary>
    public bool NeedsData => root.NeedsData;

    /// <param name="filter">The filter as it was written.</param>
    /// <param name="compiled">The filter, when nothing is wrong with it.</param>
    /// <param name="issues">All that is wrong with it, with pointers below <c>/filter</c>.</param>
    public static bool TryCompile(JsonElement filter, [NotNullWhen(true)] out EventFilter? compiled, out IReadOnlyList<ValidationIssue> issues)
    {
        var parser = new FilterParser();
        var root = parser.Parse(filter, "/filter");
        issues = parser.Issues;
        compiled = issues.Count == 0 && root is not null ? new EventFilter(root) : null;
        return compiled is not null;
    }

    public bool Matches(EventFields fields)
    {
        var budget = new FilterBudget(MaxSteps);
        return root.Matches(fields, ref budget) || budget.IsSpent || fields.IsUnreadable;
    }

    /// <summary>Why the event does not pass; empty when it does.</summary>
    public IReadOnlyList<FilterMismatch> Explain(EventFields fields)
    {
        if (Matches(fields))
            return [];

        var found = new List<FilterMismatch>();
        var budget = new FilterBudget(MaxSteps * 4);
        root.Explain(fields, ref budget, found);
        return found;
    }
}
