using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;

namespace IntegrationHub.Host.Health;

internal static class HealthServiceCollectionExtensions
{
    /// <summary>Needs <see cref="IHealthStore"/>, connections, operations and the hub's events. <see cref="HealthMonitor.LoadAsync"/> must run before requests are served.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddCheckedOptions<HealthOptions>(HealthOptions.Section, HealthOptions.Faults);
        return services
            .AddSingleton<HealthMonitor>()
            .AddSingleton<IConnectionHealth>(provider => provider.GetRequiredService<HealthMonitor>())
            .AddSingleton<IConnectionTestObserver>(provider => provider.GetRequiredService<HealthMonitor>())
            .AddSingleton<HealthSignal>()
            .AddSingleton<IConnectionHealthSignal>(provider => provider.GetRequiredService<HealthSignal>())
            .AddSingleton<ProviderHealth>()
            .AddHostedService<HealthWorker>();
    }
}
