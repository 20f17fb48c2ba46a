using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Plugins.Install;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IntegrationHub.Host.Connections;

internal static class ConnectionServiceCollectionExtensions
{
    /// <remarks>Not AddConnections: the framework has one.</remarks>
    /// <summary>Needs <see cref="IConnectionStore"/>, the catalog, the secrets and the audit.</summary>
    public static IServiceCollection AddHubConnections(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(EnvironmentVariables.OfProcess);
        services.AddSingleton<ConnectionSecrets>();
        services.AddSingleton<ConnectionResolver>();
        services.AddSingleton<IConnectionResolver>(provider => provider.GetRequiredService<ConnectionResolver>());
        services.AddSingleton<ConnectionService>();
        services.AddSingleton<IPluginUsage, ConnectionsOfPlugin>();
        services.AddSingleton<IQuarantineListener, QuarantineNotices>();
        return services;
    }
}
