namespace IntegrationHub.Host.Catalog;

/// <summary>What is loaded, and who can do what. Reads take no lock; a new version is swapped in atomically. Thread-safe.</summary>
internal interface IProviderCatalog
{
    /// <summary>The providers that serve now, by id.</summary>
    IReadOnlyList<LoadedProvider> All { get; }

    /// <summary>For reading only (lists, forms). To call into the provider, take a lease.</summary>
    LoadedProvider? Find(string id);

    /// <summary>Takes a provider for use; it is not unloaded until the lease is disposed. <see langword="null"/> when it is not loaded.</summary>
    ProviderLease? Acquire(string id);
}
