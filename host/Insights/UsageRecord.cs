using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Insights;

/// <summary>One executed operation, for analytics.</summary>
internal sealed record UsageRecord
{
    public required DateTimeOffset Time { get; init; }

    public required string ConnectionId { get; init; }

    public required string Project { get; init; }

    public required string Provider { get; init; }

    public required string Operation { get; init; }

    public required string Actor { get; init; }

    public required string CorrelationId { get; init; }

    public required TimeSpan Duration { get; init; }

    public required int Attempts { get; init; }

    /// <summary><c>succeeded</c> or the error's category.</summary>
    public required string Outcome { get; init; }

    public int? ProviderStatus { get; init; }

    public string? ProviderRequestId { get; init; }
}

internal interface IUsageStore
{
    Task AddAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<UsageRecord>> ListAsync(UsageQuery query, PageRequest page, CancellationToken cancellationToken);
}

internal sealed record UsageQuery
{
    public string? ConnectionId { get; init; }

    public string? Provider { get; init; }

    public IReadOnlySet<string>? VisibleProjects { get; init; }
}
