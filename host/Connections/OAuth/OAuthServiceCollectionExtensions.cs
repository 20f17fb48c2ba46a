using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IntegrationHub.Host.Connections.OAuth;

internal static class OAuthServiceCollectionExtensions
{
    /// <summary>Needs the connections, their stores, the egress handlers, the hub's events, the health signal and the audit.</summary>
    public static IServiceCollection AddConnectionAuthorization(this IServiceCollection services)
    {
        services.AddCheckedOptions<OAuthOptions>(OAuthOptions.Section, OAuthOptions.Faults);
        services.TryAddSingleton<IRefreshLock, InProcessRefreshLock>();
        services.AddSingleton<ReturnUrls>();
        services.AddSingleton<OAuthHttp>();
        services.AddSingleton<AuthorizationServers>();
        services.AddSingleton<TokenClient>();
        services.AddSingleton<TokenSealer>();
        services.AddSingleton<TokenKeeper>();
        services.AddSingleton<ConnectionAccess>();
        services.AddSingleton<AuthorizationFlow>();
        services.AddSingleton<IProblemPages, OAuthProblemPages>();
        services.AddSingleton<TokenRevoker>();
        services.AddSingleton<IConnectionFarewell>(static provider => provider.GetRequiredService<TokenRevoker>());
        services.AddSingleton<ConnectionAuthorizations>();
        services.AddSingleton<IConnectionHealthSource>(static provider => provider.GetRequiredService<ConnectionAuthorizations>());
        services.AddSingleton<TokenRefreshWorker>();
        services.AddHostedService(static provider => provider.GetRequiredService<TokenRefreshWorker>());
        return services;
    }
}
