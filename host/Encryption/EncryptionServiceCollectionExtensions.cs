using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Encryption;

internal static class EncryptionServiceCollectionExtensions
{
    /// <summary>Needs the secrets, the audit an <see cref="Secrets.IWrappedKeyStore"/> and an <see cref="Secrets.IEndedSecretStore"/>.</summary>
    public static IServiceCollection AddEncryption(this IServiceCollection services)
    {
        services.AddSettings<EncryptionOptions>(EncryptionOptions.Section)
            .Validate(static options => options.RewrapBatch is >= 1 and <= 10_000, "Hub:Encryption:RewrapBatch must be from 1 to 10000.")
            .Validate(static options => options.RewrapPause >= TimeSpan.Zero, "Hub:Encryption:RewrapPause must not be negative.")
            .Validate(static options => options.RetireAfter >= TimeSpan.Zero, "Hub:Encryption:RetireAfter must not be negative.")
            .Validate(static options => options.ForgetAfter >= TimeSpan.Zero, "Hub:Encryption:ForgetAfter must not be negative.")
            .Validate(static options => options.RetryAfter > TimeSpan.Zero, "Hub:Encryption:RetryAfter must be more than nothing.")
            .Validate(static options => options.PurgeEvery > TimeSpan.Zero, "Hub:Encryption:PurgeEvery must be more than nothing.");
        return services
            .AddSingleton<RewrapWorker>()
            .AddSingleton<MasterKeyRotation>()
            .AddHostedService(provider => provider.GetRequiredService<RewrapWorker>())
            .AddHostedService<EndedSecretsWorker>();
    }
}
