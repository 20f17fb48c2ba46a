using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Fakes;

internal sealed class InMemoryApiKeyStore : IApiKeyStore
{
    private readonly Lock gate = new();
    private readonly List<ApiKey> keys = [];

    /// <summary>How often a key was looked up by its hash.</summary>
    public int Lookups { get; private set; }

    public Task AddAsync(ApiKey key, CancellationToken cancellationToken)
    {
        lock (gate)
            keys.Add(key);

        return Task.CompletedTask;
    }

    public Task<ApiKey?> FindByHashAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Lookups++;
            return Task.FromResult(keys.Find(key => hash.Span.SequenceEqual(key.Hash) || hash.Span.SequenceEqual(key.PreviousHash)));
        }
    }

    public Task<ApiKey?> GetAsync(string id, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(keys.Find(key => key.Id == id));
    }

    public Task<Page<ApiKey>> ListAsync(IReadOnlySet<string>? withinProjects, PageRequest page, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(Paged.Of([.. keys.AsEnumerable().Reverse().Where(key => withinProjects is null || (key.Projects.Count > 0 && key.Projects.All(withinProjects.Contains)))], page));
    }

    public Task<bool> RotateAsync(ApiKey key, ReadOnlyMemory<byte> expectedHash, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var at = keys.FindIndex(known => known.Id == key.Id && expectedHash.Span.SequenceEqual(known.Hash));
            if (at >= 0)
                keys[at] = key;

            return Task.FromResult(at >= 0);
        }
    }

    public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(keys.RemoveAll(key => key.Id == id) > 0);
    }
}
