namespace IntegrationHub.Host.Plugins.Install;

internal static class PluginInstallServiceCollectionExtensions
{
    public static IServiceCollection AddPluginInstall(this IServiceCollection services)
    {
        services.AddOptions<PluginInstallOptions>()
            .BindConfiguration(PluginOptions.Section)
            .Validate(options => options is { MaxPackageBytes: > 0, MaxExpandedBytes: > 0, MaxEntries: > 0 }, "Hub:Plugins:MaxPackageBytes, MaxExpandedBytes and MaxEntries are 1 or more.")
            .ValidateOnStart();
        services.AddSingleton<PluginInstaller>();
        return services;
    }
}
