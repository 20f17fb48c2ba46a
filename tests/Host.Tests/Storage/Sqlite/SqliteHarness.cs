using IntegrationHub.Host.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

/// <summary>Opens SQLite databases in folders of their own.</summary>
internal static class SqliteHarness
{
    public static string NewFolder() => Directory.CreateTempSubdirectory("hub-storage-").FullName;

    public static SqliteStorage New(string folder, SqliteOptions? options = null, Action? beforeCommit = null) =>
        new(folder, options ?? new SqliteOptions(), TimeProvider.System, NullLogger.Instance, beforeCommit);

    public static async Task<SqliteStorage> OpenAsync(string folder, SqliteOptions? options = null, Action? beforeCommit = null)
    {
        var storage = New(folder, options, beforeCommit);
        await storage.OpenAsync(CancellationToken.None);
        return storage;
    }

    public static async Task<StorageHarness> NewHarnessAsync(SqliteOptions? options = null)
    {
        var folder = NewFolder();
        var storage = await OpenAsync(folder, options);
        return new StorageHarness
        {
            Engine = storage,
            ApiKeys = new SqliteApiKeyStore(storage),
            Audit = new SqliteAuditStore(storage),
            DataKeys = new SqliteDataKeyStore(storage),
            WrappedKeys = new SqliteWrappedKeyStore(storage, TimeProvider.System),
            EndedSecrets = new SqliteEndedSecretStore(storage),
            Connections = new SqliteConnectionStore(storage),
            Events = new SqliteEventStore(storage),
            EventLog = new SqliteEventStore(storage),
            Subscriptions = new SqliteSubscriptionStore(storage, TimeProvider.System),
            Deliveries = new SqliteDeliveryStore(storage),
            EndpointStates = new SqliteEndpointStateStore(storage),
            DeadLetters = new SqliteDeadLetterStore(storage),
            Replays = new SqliteReplayStore(storage),
            Retention = new SqliteRetentionStore(storage),
            ProjectRetention = new SqliteProjectRetentionStore(storage),
            Erasures = new SqliteErasureStore(storage),
            Usage = new SqliteUsageStore(storage),
            PluginStates = new SqlitePluginStateStore(storage),
            Tokens = new SqliteTokenStore(storage),
            PendingAuthorizations = new SqlitePendingAuthorizationStore(storage),
            Effects = new SqliteEffectStore(storage),
            IdempotentRequests = new SqliteIdempotencyStore(storage),
            Jobs = new SqliteJobStore(storage),
            Health = new SqliteHealthStore(storage),
            CleanUp = async () =>
            {
                await storage.DisposeAsync();
                Directory.Delete(folder, recursive: true);
            },
        };
    }
}
