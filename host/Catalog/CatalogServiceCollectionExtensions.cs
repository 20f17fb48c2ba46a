namespace IntegrationHub.Host.Catalog;

internal static class CatalogServiceCollectionExtensions
{
    public static IServiceCollection AddCatalog(this IServiceCollection services)
    {
        services.AddSingleton<ProviderCatalog>();
        services.AddSingleton<IProviderCatalog>(provider => provider.GetRequiredService<ProviderCatalog>());
        return services;
    }
}
