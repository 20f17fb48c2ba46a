namespace IntegrationHub.Host.Events.Routing;

/// <summary>A condition. Immutable.</summary>
/// <param name="pointer">Where it stands in the request.</param>
internal abstract class FilterNode(string pointer)
{
    public string Pointer { get; } = pointer;

    public abstract bool NeedsData { get; }

    public abstract bool Matches(EventFields fields, ref FilterBudget budget);

    /// <summary>Says why it does not hold; called only when it does not.</summary>
    public abstract void Explain(EventFields fields, ref FilterBudget budget, List<FilterMismatch> found);
}

/// <summary>All of them must hold.</summary>
internal sealed class AllNode(string pointer, FilterNode[] nodes) : FilterNode(pointer)
{
    public override bool NeedsData { get; } = nodes.Any(node => node.NeedsData);

    public override bool Matches(EventFields fields, ref FilterBudget budget)
    {
        foreach (var node in nodes)
        {
            if (!node.Matches(fields, ref budget))
                return false;
        }

        return true;
    }

    public override void Explain(EventFields fields, ref FilterBudget budget, List<FilterMismatch> found)
    {
        foreach (var node in nodes)
        {
            if (!node.Matches(fields, ref budget))
                node.Explain(fields, ref budget, found);
        }
    }
}

/// <summary>One of them must hold.</summary>
internal sealed class AnyNode(string pointer, FilterNode[] nodes) : FilterNode(pointer)
{
    public override bool NeedsData { get; } = nodes.Any(node => node.NeedsData);

    public override bool Matches(EventFields fields, ref FilterBudget budget)
    {
        foreach (var node in nodes)
        {
            if (node.Matches(fields, ref budget))
                return true;
        }

        return false;
    }

    public override void Explain(EventFields fields, ref FilterBudget budget, List<FilterMismatch> found)
    {
        found.Add(new(Pointer, $"None of the {nodes.Length} alternatives holds."));
        foreach (var node in nodes)
            node.Explain(fields, ref budget, found);
    }
}

/// <summary>It must not hold.</summary>
internal sealed class NotNode(string pointer, FilterNode inner) : FilterNode(pointer)
{
    public override bool NeedsData => inner.NeedsData;

    public override bool Matches(EventFields fields, ref FilterBudget budget) => !inner.Matches(fields, ref budget);

    public override void Explain(EventFields fields, ref FilterBudget budget, List<FilterMismatch> found) => found.Add(
        inner is FieldNode { Path: var path, Test: var test }
            ? new(Pointer, $"{path} must not be {test.Wants}; it is {FieldNode.Show(path, fields)}.")
            : new(Pointer, "What must not hold does hold."));
}

/// <summary>A value of the event must pass a test; where a path leads to several, one of them.</summary>
internal sealed class FieldNode(string pointer, EventPath path, FilterTest test) : FilterNode(pointer)
{
    public EventPath Path => path;

    public FilterTest Test => test;

    public override bool NeedsData => path.NeedsData;

    public override bool Matches(EventFields fields, ref FilterBudget budget) => path.Any(fields, test, ref budget);

    public override void Explain(EventFields fields, ref FilterBudget budget, List<FilterMismatch> found) =>
        found.Add(new(Pointer, $"{path} must be {test.Wants}; it is {Show(path, fields)}."));

    public static string Show(EventPath path, EventFields fields) => path.Single(fields) is { } value ? value.Show() : "not there, or several";
}

/// <summary>Why a filter does not let an event pass.</summary>
/// <param name="Pointer">The condition, as a JSON pointer into the subscription.</param>
/// <param name="Message">What it wants and what there is.</param>
internal sealed record FilterMismatch(string Pointer, string Message);
