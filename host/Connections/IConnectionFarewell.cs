namespace IntegrationHub.Host.Connections;

/// <summary>Something to do before a connection is deleted (giving back what it was granted). Thread-safe.</summary>
internal interface IConnectionFarewell
{
    /// <summary>Never keeps a connection from being deleted: what cannot be done is told in the audit.</summary>
    /// <returns>What the audit says of it; <see langword="null"/> for nothing.</returns>
    Task<object?> LeaveAsync(Connection connection, CancellationToken cancellationToken);
}
