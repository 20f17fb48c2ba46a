using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events.Stream;

internal static class EventStreamServiceCollectionExtensions
{
    /// <summary>Needs the event log, the secrets and the publisher of events; whoever asks for a publisher gets one that tells the streams.</summary>
    public static IServiceCollection AddEventStream(this IServiceCollection services)
    {
        services.AddCheckedOptions<StreamOptions>(StreamOptions.Section, StreamOptions.Faults);
        services
            .AddSingleton<EventFeedSignal>()
            .AddSingleton<IEventPublisher, FeedingEventPublisher>()
            .AddSingleton<IDeliveryTarget, StreamTarget>()
            .AddSingleton<StreamCursor>()
            .AddSingleton<StreamPlaces>()
            .AddSingleton<EventStream>()
            .AddSingleton<EventFeed>();
        return services.AddHostedService(provider => provider.GetRequiredService<EventFeed>());
    }
}
