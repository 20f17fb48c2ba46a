using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemoryConnectionStore : IConnectionStore
{
    private readonly Lock gate = new();
    private readonly List<Connection> connections = [];

    /// <summary>How often a connection was read.</summary>
    public int Reads { get; private set; }

    /// <summary>Runs once, before the next update: to change something in between.</summary>
    public Action<Connection>? BeforeUpdate { get; set; }

    public IReadOnlyList<Connection> All
    {
        get
        {
            lock (gate)
                return [.. connections];
        }
    }

    public Task<bool> TryAddAsync(Connection connection, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (IsTaken(connection))
                return Task.FromResult(false);

            connections.Add(connection);
            return Task.FromResult(true);
        }
    }

    public Task<Connection?> GetAsync(string id, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Reads++;
            return Task.FromResult(connections.Find(connection => connection.Id == id));
        }
    }

    public Task<Page<Connection>> ListAsync(ConnectionQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var found = connections.AsEnumerable().Reverse().Where(connection =>
                (query.Provider is null || connection.Provider == query.Provider)
                && (query.Project is null || connection.Project == query.Project)
                && (query.Environment is null || connection.Environment == query.Environment)
                && (query.VisibleProjects is null || query.VisibleProjects.Contains(connection.Project)));
            return Task.FromResult(Paged.Of([.. found], page));
        }
    }

    public Task<ConnectionUpdate> UpdateAsync(Connection connection, CancellationToken cancellationToken)
    {
        var before = BeforeUpdate;
        BeforeUpdate = null;
        before?.Invoke(connection);
        lock (gate)
        {
            var at = connections.FindIndex(known => known.Id == connection.Id);
            if (at < 0)
                return Task.FromResult(ConnectionUpdate.NotFound);

            if (connections[at].Version != connection.Version - 1)
                return Task.FromResult(ConnectionUpdate.StaleVersion);

            if (IsTaken(connection))
                return Task.FromResult(ConnectionUpdate.AliasTaken);

            connections[at] = connection with { WrappedKey = connections[at].WrappedKey, MasterKeyId = connections[at].MasterKeyId };
            return Task.FromResult(ConnectionUpdate.Done);
        }
    }

    public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(connections.RemoveAll(connection => connection.Id == id) > 0);
    }

    private bool IsTaken(Connection wanted) => connections.Exists(known =>
        known.Id != wanted.Id && known.Project == wanted.Project && known.Provider == wanted.Provider && known.Environment == wanted.Environment && known.Alias == wanted.Alias);
}
