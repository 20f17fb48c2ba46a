using System.Text.Json;
using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Connections;

/// <summary>Opens connections for use. Keeps sealed rows in memory; opened secrets no longer than the garbage collector leaves them there anyhow. Thread-safe.</summary>
internal interface IConnectionResolver
{
    /// <summary>The stored connection, from memory when it is there.</summary>
    ValueTask<Connection?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Decrypts for the call. <paramref name="provider"/> is the loaded provider the connection belongs to; <paramref name="authorization"/> is what the hub obtained for it
    /// (<see cref="ConnectionContext.Auth"/>), undefined when there is nothing.
    /// </summary>
    /// <exception cref="Http.ProblemException">Its secrets cannot be opened (wrong master key), or its environment is not one the provider offers.</exception>
    ConnectionContext Open(Connection connection, Catalog.LoadedProvider provider, JsonElement authorization = default);
}
