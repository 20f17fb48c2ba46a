using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Master keys of one byte each.</summary>
internal static class SomeMasterKey
{
    public static MasterKey Of(byte seed = 0) => new(Enumerable.Repeat(seed, MasterKey.Size).ToArray());

    /// <summary>As operators write it.</summary>
    public static string Text(byte seed = 0) => Convert.ToBase64String(Enumerable.Repeat(seed, MasterKey.Size).ToArray());

    public static MasterKeyRing Ring(byte seed = 0) => new(Of(seed));
}

/// <summary>Rows with wrapped keys of a storage that is new.</summary>
internal sealed class NoWrappedKeys : IWrappedKeyStore
{
    public Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, long>>(new Dictionary<string, long>());

    public Task<IReadOnlyList<WrappedKeyRow>> ListAsync(string masterKeyId, WrappedKeyRow? after, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<WrappedKeyRow>>([]);

    public Task<int> ReplaceAsync(IReadOnlyList<Rewrapping> rows, CancellationToken cancellationToken) => Task.FromResult(0);

    public Task<bool> TryRetireAsync(string masterKeyId, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task ReviveAsync(string masterKeyId, CancellationToken cancellationToken) => Task.CompletedTask;
}
