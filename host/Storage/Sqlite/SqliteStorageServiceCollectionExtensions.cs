using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Privacy;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IntegrationHub.Host.Storage.Sqlite;

internal static class SqliteStorageServiceCollectionExtensions
{
    /// <summary>Keeps everything in an SQLite database in the data folder.</summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<SqliteOptions>(SqliteOptions.Section)
            .Validate(static options => options.QueueCapacity > 0, "Hub:Sqlite:QueueCapacity must be 1 or more.")
            .Validate(static options => options.MaxGroupItems > 0, "Hub:Sqlite:MaxGroupItems must be 1 or more.")
            .Validate(static options => options.MaxGroupBytes > 0, "Hub:Sqlite:MaxGroupBytes must be 1 or more.")
            .Validate(static options => options.ReadConnections > 0, "Hub:Sqlite:ReadConnections must be 1 or more.")
            .Validate(static options => options.CheckpointPages > 0, "Hub:Sqlite:CheckpointPages must be 1 or more.")
            .Validate(static options => options.MaxLogPages >= options.CheckpointPages, "Hub:Sqlite:MaxLogPages must be CheckpointPages or more.")
            .Validate(static options => options.EventsPerRun > 0, "Hub:Sqlite:EventsPerRun must be 1 or more.");

        services.AddSingleton<SqliteStorage>();
        services.AddSingleton<IHubStorage>(static provider => provider.GetRequiredService<SqliteStorage>());
        services.AddSingleton<IApiKeyStore, SqliteApiKeyStore>();
        services.AddSingleton<IAuditStore, SqliteAuditStore>();
        services.AddSingleton<IDataKeyStore, SqliteDataKeyStore>();
        services.AddSingleton<IWrappedKeyStore, SqliteWrappedKeyStore>();
        services.AddSingleton<IEndedSecretStore, SqliteEndedSecretStore>();
        services.AddSingleton<IConnectionStore, SqliteConnectionStore>();
        services.AddSingleton<SqliteEventStore>();
        services.AddSingleton<IEventStore>(static provider => provider.GetRequiredService<SqliteEventStore>());
        services.AddSingleton<IEventLog>(static provider => provider.GetRequiredService<SqliteEventStore>());
        services.AddSingleton<ISubscriptionStore, SqliteSubscriptionStore>();
        services.AddSingleton<IDeliveryStore, SqliteDeliveryStore>();
        services.AddSingleton<IEndpointStateStore, SqliteEndpointStateStore>();
        services.AddSingleton<IDeadLetterStore, SqliteDeadLetterStore>();
        services.AddSingleton<IReplayStore, SqliteReplayStore>();
        services.AddSingleton<IRetentionStore, SqliteRetentionStore>();
        services.AddSingleton<IProjectRetentionStore, SqliteProjectRetentionStore>();
        services.AddSingleton<IErasureStore, SqliteErasureStore>();
        services.AddSingleton<IUsageStore, SqliteUsageStore>();
        services.AddSingleton<IPluginStateStore, SqlitePluginStateStore>();
        services.AddSingleton<ITokenStore, SqliteTokenStore>();
        services.AddSingleton<IPendingAuthorizationStore, SqlitePendingAuthorizationStore>();
        services.AddSingleton<IEffectStore, SqliteEffectStore>();
        services.AddSingleton<IIdempotencyStore, SqliteIdempotencyStore>();
        services.AddSingleton<IJobStore, SqliteJobStore>();
        services.AddSingleton<IHealthStore, SqliteHealthStore>();
        return services;
    }
}
