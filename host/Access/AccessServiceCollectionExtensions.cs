using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IntegrationHub.Host.Access;

internal static class AccessServiceCollectionExtensions
{
    /// <summary>Needs <see cref="IApiKeyStore"/>, <see cref="IAuditStore"/> and the secrets. <see cref="BootstrapKey.InitializeAsync"/> must run before requests are served.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BootstrapKey>();
        services.AddSingleton<ApiKeyService>();
        services.AddSingleton<FailedAttempts>();
        services.AddSingleton<AccessTickets>();
        services.AddSingleton<CallerCheck>();
        services.AddSingleton<AuditChain>();
        services.AddSingleton<AuditVerifier>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<IAuditTrail>(provider => provider.GetRequiredService<AuditTrail>());
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
        return services;
    }

    /// <summary>Asks for keys. Between routing and the endpoints, after what writes problems.</summary>
    public static IApplicationBuilder UseAccess(this IApplicationBuilder app) => app.UseMiddleware<AccessMiddleware>();

    public static IEndpointRouteBuilder MapAccess(this IEndpointRouteBuilder routes)
    {
        routes.MapKeys();
        routes.MapAudit();
        return routes;
    }
}
