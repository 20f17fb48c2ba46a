using IntegrationHub.Host.Events;
using IntegrationHub.Host.Targets.Operations;
using IntegrationHub.Host.Targets.RabbitMq;

namespace IntegrationHub.Host.Targets;

internal static class TargetsServiceCollectionExtensions
{
    /// <summary>The kinds of targets besides <c>webhook</c>. Needs events, operations, capabilities and egress.</summary>
    public static IServiceCollection AddTargets(this IServiceCollection services)
    {
        services
            .AddSingleton<EventEnvelopes>()
            .AddSingleton<OperationChains>()
            .AddSingleton<OperationClaims>()
            .AddSingleton<IDeliveryTarget, OperationDeliveryTarget>()
            .AddSingleton<RabbitMqLinks>()
            .AddSingleton<IDeliveryTarget, RabbitMqTarget>();
        return services.AddHostedService(provider => provider.GetRequiredService<RabbitMqLinks>());
    }
}
