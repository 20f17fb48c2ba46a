using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Access;

internal interface IApiKeyStore
{
    Task AddAsync(ApiKey key, CancellationToken cancellationToken);

    /// <summary>The key with the hash, be it that of its present or of its former text.</summary>
    Task<ApiKey?> FindByHashAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken);

    Task<ApiKey?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first; only keys that are limited to some of the projects, or all keys for <see langword="null"/>.</summary>
    Task<Page<ApiKey>> ListAsync(IReadOnlySet<string>? withinProjects, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Gives the key another text, unless it has been given one since <paramref name="expectedHash"/> was read.</summary>
    /// <returns>Whether it did.</returns>
    Task<bool> RotateAsync(ApiKey key, ReadOnlyMemory<byte> expectedHash, CancellationToken cancellationToken);

    /// <returns>Whether it was there.</returns>
    Task<bool> DeleteAsync(string id, CancellationToken cancellationToken);
}
