using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Secrets;

internal static class SecretsServiceCollectionExtensions
{
    /// <summary>Needs an <see cref="IDataKeyStore"/>. <see cref="KeyRing.InitializeAsync"/> must run when the storage is open.</summary>
    public static IServiceCollection AddSecrets(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => MasterKey.Load(provider.GetRequiredService<IOptions<HubOptions>>().Value));
        services.AddSingleton<Sealer>();
        services.AddSingleton<ISealer>(provider => provider.GetRequiredService<Sealer>());
        services.AddSingleton<KeyRing>();
        services.AddSingleton<IPayloadSealer, PayloadSealer>();
        services.AddSingleton<Fingerprint>();
        return services;
    }
}
