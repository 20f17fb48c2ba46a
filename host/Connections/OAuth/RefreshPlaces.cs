using System.Collections.Concurrent;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>
/// How many refreshes run at the same time: at one token endpoint, and of one provider. An endpoint that hangs holds up what is asked of it; it takes no place from other providers, and only
/// some of its own provider's. Thread-safe.
/// </summary>
internal sealed class RefreshPlaces
{
    public const int OfEndpoint = 8;
    public const int OfProvider = 32;

    private readonly ConcurrentDictionary<(string Provider, string Endpoint), SemaphoreSlim> endpoints = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> providers = new(StringComparer.Ordinal);

    /// <summary>Waits for a place; dispose what it returns to leave it.</summary>
    public async Task<IDisposable> EnterAsync(string provider, string endpoint, CancellationToken cancellationToken)
    {
        // In this order: who waits for an endpoint takes none of the provider's places meanwhile.
        var own = endpoints.GetOrAdd((provider, endpoint), static _ => new SemaphoreSlim(OfEndpoint));
        await own.WaitAsync(cancellationToken);
        try
        {
            var all = providers.GetOrAdd(provider, static _ => new SemaphoreSlim(OfProvider));
            await all.WaitAsync(cancellationToken);
            return new Place(own, all);
        }
        catch
        {
            own.Release();
            throw;
        }
    }

    private sealed class Place(SemaphoreSlim own, SemaphoreSlim all) : IDisposable
    {
        public void Dispose()
        {
            all.Release();
            own.Release();
        }
    }
}
