namespace IntegrationHub.Host.Secrets;

/// <summary>A data key, wrapped by the master key. Named by purpose (<c>payloads</c>, <c>audit</c>); the newest of a purpose encrypts, all decrypt.</summary>
internal sealed record DataKey(string Id, string Purpose, string MasterKeyId, byte[] Wrapped, DateTimeOffset CreatedAt);

internal interface IDataKeyStore
{
    /// <summary>All keys, oldest first.</summary>
    Task<IReadOnlyList<DataKey>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Adds the key unless the purpose already has one, and returns the purpose's newest: two nodes that start at once agree on one.</summary>
    Task<DataKey> GetOrAddAsync(DataKey key, CancellationToken cancellationToken);

    /// <summary>Adds a further key to a purpose, as its newest.</summary>
    Task AddAsync(DataKey key, CancellationToken cancellationToken);
}
