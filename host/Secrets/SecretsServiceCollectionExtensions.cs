using IntegrationHub.Host.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IntegrationHub.Host.Secrets;

internal static class SecretsServiceCollectionExtensions
{
    /// <summary>Needs <see cref="IDataKeyStore"/> and <see cref="IWrappedKeyStore"/>. <see cref="MasterKeyStartup.InitializeAsync"/> and then <see cref="KeyRing.InitializeAsync"/> must run when the storage is open.</summary>
    public static IServiceCollection AddSecrets(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<KmsOptions>(KmsOptions.Section)
            .Validate(static options => options.Timeout > TimeSpan.Zero, "Hub:Kms:Timeout must be more than nothing.");
        services.AddSingleton<MasterKeySources>();
        services.AddSingleton(provider => provider.GetRequiredService<MasterKeySources>().Configured());
        services.AddSingleton<MasterKeyRing>();
        services.AddSingleton<MasterKeyStartup>();
        services.AddSingleton<Sealer>();
        services.AddSingleton<ISealer>(provider => provider.GetRequiredService<Sealer>());
        services.AddSingleton<KeyRing>();
        services.AddSingleton<IPayloadSealer, PayloadSealer>();
        services.AddSingleton<Fingerprint>();
        return services;
    }
}
