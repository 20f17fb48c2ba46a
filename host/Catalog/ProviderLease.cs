namespace IntegrationHub.Host.Catalog;

/// <summary>Keeps a provider loaded while it is in use. Dispose it exactly when the last byte of the call is done with.</summary>
internal sealed class ProviderLease(LoadedProvider provider, Action release) : IDisposable
{
    private Action? release = release;

    public LoadedProvider Provider { get; } = provider;

    public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
}
