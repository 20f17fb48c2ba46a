using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IntegrationHub.Host.Operations.Resilience;

internal static class ResilienceServiceCollectionExtensions
{
    /// <summary>What <see cref="ResilienceStep"/> needs; the step itself stands among the others.</summary>
    public static IServiceCollection AddResilience(this IServiceCollection services)
    {
        services.AddCheckedOptions<ResilienceOptions>(ResilienceOptions.Section, ResilienceOptions.Faults);
        services.AddCheckedOptions<OperatorOverrides>(HubOptions.Section, OperatorOverrides.Faults);
        services.TryAddSingleton<IConnectionHealthSignal, SilentHealthSignal>();
        return services
            .AddSingleton<ResiliencePolicies>()
            .AddSingleton<ConnectionGates>()
            .AddSingleton<IConnectionHealthSource>(provider => provider.GetRequiredService<ConnectionGates>());
    }
}
