using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Plugins.Install;

internal static class PluginInstallServiceCollectionExtensions
{
    public static IServiceCollection AddPluginInstall(this IServiceCollection services)
    {
        services.AddSettings<PluginInstallOptions>(PluginOptions.Section)
            .Validate(options => options is { MaxPackageBytes: > 0, MaxExpandedBytes: > 0, MaxEntries: > 0 }, "Hub:Plugins:MaxPackageBytes, MaxExpandedBytes and MaxEntries are 1 or more.");
        services.AddSingleton<PluginInstaller>();
        return services;
    }
}
