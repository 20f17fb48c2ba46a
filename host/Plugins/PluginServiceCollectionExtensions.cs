using IntegrationHub.Host.Http;
using IntegrationHub.Loading;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

internal static class PluginServiceCollectionExtensions
{
    public static IServiceCollection AddPlugins(this IServiceCollection services)
    {
        services.AddSettings<PluginOptions>(PluginOptions.Section)
            .Validate(options => options.StartTimeout > TimeSpan.Zero && options.StopTimeout > TimeSpan.Zero, "Hub:Plugins:StartTimeout and StopTimeout are longer than zero.")
            .Validate(options => options.StartTogether > 0, "Hub:Plugins:StartTogether is 1 or more.")
            .Validate(options => options is { DrainTimeout.Ticks: >= 0, CancelTimeout.Ticks: >= 0, DisposeTimeout.Ticks: > 0 }, "Hub:Plugins:DrainTimeout and CancelTimeout are not negative, DisposeTimeout is longer than zero.")
            .Validate(
                options => options is { UnloadCheck.Ticks: > 0, WatchInterval.Ticks: > 0, QuietTime.Ticks: > 0, SettleLimit.Ticks: > 0 },
                "Hub:Plugins:UnloadCheck, WatchInterval, QuietTime and SettleLimit are longer than zero.");

        services.AddSingleton(provider => new ShadowFolders(provider.GetRequiredService<IOptions<HubOptions>>().Value.Data));
        services.AddPluginContainment();
        services.AddSingleton<ProviderBuilder>();
        services.AddSingleton<PluginPins>();
        services.AddSingleton<PluginLoader>();
        services.AddSingleton<PluginRegistry>();
        services.AddSingleton<PluginUnloader>();
        services.AddSingleton<PluginHost>();
        services.AddHostedService<PluginWatcher>();
        services.AddSingleton<IPluginControl>(provider => provider.GetRequiredService<PluginHost>());
        return services;
    }
}
