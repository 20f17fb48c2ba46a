using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Webhooks;

internal static class WebhooksServiceCollectionExtensions
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.AddCheckedOptions<WebhookOptions>(WebhookOptions.Section, WebhookOptions.Faults);
        return services
            .AddSingleton<WebhookMetrics>()
            .AddSingleton<RefusalLog>()
            .AddSingleton<WebhookGate>()
            .AddSingleton<WebhookRequestReader>()
            .AddSingleton<WebhookIngest>();
    }
}
