using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Finds connections as a caller may see them.</summary>
internal sealed class ConnectionAccess(IConnectionStore store)
{
    /// <exception cref="ProblemException">There is none, or not for this caller: the answer is the same.</exception>
    public async Task<Connection> FindAsync(Caller caller, string id, CancellationToken cancellationToken)
    {
        var connection = await store.GetAsync(id, cancellationToken);
        return connection is not null && caller.CanSee(connection.Project) ? connection : throw Problem.NotFound("connection", id).ToException();
    }
}
