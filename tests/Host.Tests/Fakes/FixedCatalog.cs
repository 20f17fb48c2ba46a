using IntegrationHub.Host.Catalog;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>A catalog whose providers a test puts in and takes out.</summary>
internal sealed class FixedCatalog : IProviderCatalog
{
    public List<LoadedProvider> Providers { get; } = [];

    public IReadOnlyList<LoadedProvider> All => Providers;

    public LoadedProvider? Find(string id) => Providers.Find(provider => provider.Id == id);

    public ProviderLease? Acquire(string id) => Find(id) is { } provider ? new ProviderLease(provider, () => { }) : null;
}
