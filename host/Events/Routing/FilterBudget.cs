namespace IntegrationHub.Host.Events.Routing;

/// <summary>What one evaluation may cost, in steps. It bounds what an event with a hundred thousand elements can do to a filter with a hundred conditions.</summary>
internal struct FilterBudget(int steps)
{
    private int left = steps;

    public readonly bool IsSpent => left < 0;

    public readonly int Left => left;

    public bool Spend(int cost)
    {
        left = left < 0 ? -1 : left - cost;
        return left >= 0;
    }
}
