using IntegrationHub.Host.Http;
using IntegrationHub.Host.Webhooks.Reprocessing;

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
            .AddSingleton<RefusalNotices>()
            .AddSingleton<WebhookRequestReader>()
            .AddSingleton<WebhookReprocessor>()
            .AddSingleton<WebhookIngest>();
    }
}
