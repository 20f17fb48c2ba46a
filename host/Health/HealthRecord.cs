using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;

namespace IntegrationHub.Host.Health;

/// <summary>What is known of a connection's health.</summary>
internal sealed record HealthRecord
{
    public required string ConnectionId { get; init; }

    public required ConnectionHealthState State { get; init; }

    /// <summary>A stable word for what is wrong; <see langword="null"/> when nothing is.</summary>
    public string? Code { get; init; }

    /// <summary>What is wrong, as a sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>What a person does about it, as a sentence.</summary>
    public string? Repair { get; init; }

    /// <summary>When the connection came into this state.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When its tests were run last.</summary>
    public DateTimeOffset? TestedAt { get; init; }

    /// <summary>When its tests are run next.</summary>
    public required DateTimeOffset NextTestAt { get; init; }

    /// <summary>Rounds of tests in a row in which one failed.</summary>
    public int FailedRounds { get; init; }

    /// <summary>What the last round came to.</summary>
    public IReadOnlyList<ConnectionTestResult> Tests { get; init; } = [];
}

/// <summary>Keeps the health of connections. Thread-safe.</summary>
internal interface IHealthStore
{
    /// <summary>All records whose connection is there.</summary>
    Task<IReadOnlyList<HealthRecord>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Stores a record, unless its connection is gone.</summary>
    Task SaveAsync(HealthRecord record, CancellationToken cancellationToken);

    /// <summary>The enabled connections whose tests are due, those never tested first.</summary>
    Task<IReadOnlyList<string>> DueAsync(DateTimeOffset now, int max, CancellationToken cancellationToken);

    /// <summary>Newest connection first.</summary>
    Task<Page<HealthListing>> ListAsync(HealthQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>How many enabled connections of a provider are in each state.</summary>
    Task<IReadOnlyDictionary<ConnectionHealthState, int>> CountAsync(string provider, CancellationToken cancellationToken);

    /// <summary>Deletes the records of connections that are gone.</summary>
    Task<int> PurgeAsync(CancellationToken cancellationToken);
}

/// <summary>A connection with its health; <see langword="null"/> when nothing is known yet.</summary>
internal sealed record HealthListing(string ConnectionId, string Project, string Provider, string Environment, string Alias, bool Enabled, HealthRecord? Health);

internal sealed record HealthQuery
{
    public ConnectionHealthState? State { get; init; }

    public string? Provider { get; init; }

    public IReadOnlySet<string>? VisibleProjects { get; init; }
}
