using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemoryDataKeyStore : IDataKeyStore
{
    private readonly Lock gate = new();

    public List<DataKey> Keys { get; } = [];

    public Task<IReadOnlyList<DataKey>> ListAsync(CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult<IReadOnlyList<DataKey>>([.. Keys]);
    }

    public Task<DataKey> GetOrAddAsync(DataKey key, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (Keys.LastOrDefault(known => known.Purpose == key.Purpose) is { } newest)
                return Task.FromResult(newest);

            Keys.Add(key);
            return Task.FromResult(key);
        }
    }

    public Task AddAsync(DataKey key, CancellationToken cancellationToken)
    {
        lock (gate)
            Keys.Add(key);

        return Task.CompletedTask;
    }
}
