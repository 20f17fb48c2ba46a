using IntegrationHub.Webhooks;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Egress;

internal static class EgressServiceCollectionExtensions
{
    public static IServiceCollection AddEgress(this IServiceCollection services)
    {
        services.AddSingleton(provider => new AddressPolicy(provider.GetRequiredService<IOptions<HubOptions>>().Value));
        services.AddSingleton(provider => new EgressHandlers(
            provider.GetRequiredService<AddressPolicy>(), EgressConnector.SystemResolver, proxy: EgressProxy.Of(provider.GetRequiredService<IOptions<HubOptions>>().Value)));
        services.AddSingleton<IEgressHandlers>(provider => provider.GetRequiredService<EgressHandlers>());
        services.AddSingleton<ProviderHttpFactory>();
        services.AddSingleton<IWebhookFetcher, WebhookFetcher>();
        return services;
    }
}
