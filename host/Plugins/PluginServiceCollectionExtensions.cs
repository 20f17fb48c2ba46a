using IntegrationHub.Loading;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Plugins;

internal static class PluginServiceCollectionExtensions
{
    public static IServiceCollection AddPlugins(this IServiceCollection services)
    {
        services.AddOptions<PluginOptions>()
            .BindConfiguration(PluginOptions.Section)
            .Validate(options => options.StartTimeout > TimeSpan.Zero && options.StopTimeout > TimeSpan.Zero, "Hub:Plugins:StartTimeout and StopTimeout are longer than zero.")
            .Validate(options => options.StartTogether > 0, "Hub:Plugins:StartTogether is 1 or more.")
            .ValidateOnStart();

        services.AddSingleton(provider => new ShadowFolders(provider.GetRequiredService<IOptions<HubOptions>>().Value.Data));
        services.AddPluginContainment();
        services.AddSingleton<ProviderBuilder>();
        services.AddSingleton<PluginLoader>();
        services.AddSingleton<PluginRegistry>();
        services.AddSingleton<PluginHost>();
        return services;
    }
}
