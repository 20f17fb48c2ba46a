using IntegrationHub.Host.Http;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

internal static class ContainmentServiceCollectionExtensions
{
    public static IServiceCollection AddPluginContainment(this IServiceCollection services)
    {
        services.AddSettings<PluginLimits>(PluginLimits.Section)
            .Validate(limits => limits.IsValid, "Each limit in Hub:Plugins:Limits is more than zero.");
        services.AddSettings<QuarantineOptions>(QuarantineOptions.Section)
            .Validate(policy => policy.IsValid, "Each number in Hub:Plugins:Quarantine is more than zero.");

        services.AddSingleton<QuarantineRequests>();
        services.AddSingleton<QuarantineAudit>();
        services.AddHostedService<QuarantineWorker>();
        services.AddSingleton(provider => new StartMarkers(provider.GetRequiredService<IOptions<HubOptions>>().Value.Data, provider.GetRequiredService<ILogger<StartMarkers>>()));
        services.AddSingleton<StartRecovery>();
        services.AddSingleton<PluginContainment>();
        return services;
    }
}
