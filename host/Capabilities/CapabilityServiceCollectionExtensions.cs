namespace IntegrationHub.Host.Capabilities;

internal static class CapabilityServiceCollectionExtensions
{
    public static IServiceCollection AddCapabilities(this IServiceCollection services) => services.AddSingleton<CapabilityRouter>().AddSingleton<CapabilityRunner>();
}
