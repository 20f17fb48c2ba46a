using IntegrationHub.Host.Connections.Health;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Connections.OAuth;

internal static class OAuthServiceCollectionExtensions
{
    /// <summary>Needs the connections, their stores, the egress handlers, the hub's events and the audit.</summary>
    public static IServiceCollection AddConnectionAuthorization(this IServiceCollection services)
    {
        services.AddOptions<OAuthOptions>().BindConfiguration(OAuthOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OAuthOptions>, OAuthOptionsCheck>();
        services.TryAddSingleton<IConnectionHealthSignal, NoHealthSignal>();
        services.TryAddSingleton<IRefreshLock, InProcessRefreshLock>();
        services.AddSingleton<ReturnUrls>();
        services.AddSingleton<OAuthHttp>();
        services.AddSingleton<AuthorizationServers>();
        services.AddSingleton<TokenClient>();
        services.AddSingleton<TokenSealer>();
        services.AddSingleton<TokenKeeper>();
        services.AddSingleton<ConnectionAccess>();
        services.AddSingleton<AuthorizationFlow>();
        services.AddSingleton<TokenRevoker>();
        services.AddSingleton<IConnectionFarewell>(static provider => provider.GetRequiredService<TokenRevoker>());
        services.AddSingleton<ConnectionAuthorizations>();
        services.AddSingleton<IConnectionHealthSource>(static provider => provider.GetRequiredService<ConnectionAuthorizations>());
        services.AddSingleton<TokenRefreshWorker>();
        services.AddHostedService(static provider => provider.GetRequiredService<TokenRefreshWorker>());
        return services;
    }

    private sealed class OAuthOptionsCheck : IValidateOptions<OAuthOptions>
    {
        public ValidateOptionsResult Validate(string? name, OAuthOptions options) =>
            OAuthOptions.Faults(options).ToList() is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }
}
