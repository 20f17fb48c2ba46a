using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

internal static class EventsServiceCollectionExtensions
{
    public static IServiceCollection AddEvents(this IServiceCollection services)
    {
        services.AddCheckedOptions<DeliveryOptions>(DeliveryOptions.Section, DeliveryOptions.Faults);
        services.AddCheckedOptions<RetentionOptions>(RetentionOptions.Section, RetentionOptions.Faults);
        services
            .AddSingleton<EventMetrics>()
            .AddSingleton<SubscriptionRegistry>()
            .AddSingleton<IRewrapListener>(provider => provider.GetRequiredService<SubscriptionRegistry>())
            .AddSingleton<SubscriptionSecrets>()
            .AddSingleton<DeliveryPayloads>()
            .AddSingleton<IDeliveryTarget, WebhookTarget>()
            .AddSingleton<SubscriptionTargets>()
            .AddSingleton<SubscriptionRules>()
            .AddSingleton<DeliverySignal>()
            .AddSingleton<EndpointRegistry>()
            .AddSingleton<DeadLetterSignal>()
            .AddSingleton<ReplaySignal>()
            .AddSingleton<AnswerRedaction>()
            .AddSingleton<EventPublisher>()
            .AddSingleton<DeliverySender>()
            .AddSingleton<DeliveryReplay>()
            .AddSingleton<ReplayService>()
            .AddSingleton<RetentionRegistry>()
            .AddSingleton<RetentionService>()
            .AddSingleton<SubscriptionService>()
            .AddSingleton<SubscriptionPreview>()
            .AddSingleton<AppEventPublisher>()
            .AddSingleton<IHubEvents, HubEventSource>()
            .AddSingleton<DeliveryOutcomeRules>()
            .AddSingleton(provider =>
            {
                var options = provider.GetRequiredService<IOptions<DeliveryOptions>>().Value;
                return new RetrySchedule(options.EffectiveSchedule, options.Jitter, Random.Shared);
            });
        services.AddEventStream();
        return services
            .AddHostedService<EndpointStateWorker>()
            .AddHostedService<DeliveryWorker>()
            .AddHostedService<DeadLetterWorker>()
            .AddHostedService<ReplayWorker>()
            .AddHostedService<RetentionWorker>();
    }
}
