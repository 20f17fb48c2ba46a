using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Connections;

internal interface IConnectionStore
{
    /// <returns><see langword="false"/> when project, provider, environment and alias are taken.</returns>
    Task<bool> TryAddAsync(Connection connection, CancellationToken cancellationToken);

    Task<Connection?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<Page<Connection>> ListAsync(ConnectionQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Replaces the connection whose stored version is one less than the given one's.</summary>
    Task<ConnectionUpdate> UpdateAsync(Connection connection, CancellationToken cancellationToken);

    /// <returns>Whether it was there.</returns>
    Task<bool> DeleteAsync(string id, CancellationToken cancellationToken);
}

internal enum ConnectionUpdate
{
    Done,
    NotFound,
    StaleVersion,
    AliasTaken,
}

internal sealed record ConnectionQuery
{
    public string? Provider { get; init; }

    public string? Project { get; init; }

    /// <summary>The projects the caller may see; <see langword="null"/> for all.</summary>
    public IReadOnlySet<string>? VisibleProjects { get; init; }

    public string? Environment { get; init; }
}
