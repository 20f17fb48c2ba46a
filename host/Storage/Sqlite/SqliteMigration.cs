using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Storage.Sqlite.EventIndex;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>One step of the schema. Released steps never change: a checksum of each is kept in the database and compared at every start.</summary>
internal sealed record SqliteMigration(int Version, string Name, string Script)
{
    /// <summary>All steps, in order. Each store holds the script of its own tables.</summary>
    public static IReadOnlyList<SqliteMigration> All { get; } =
    [
        new(1, "foundation", string.Join(
            '\n',
            SqliteStorage.Schema1,
            SqliteApiKeyStore.Schema1,
            SqliteAuditStore.Schema1,
            SqliteDataKeyStore.Schema1,
            SqliteConnectionStore.Schema1,
            SqliteSubscriptionStore.Schema1,
            SqliteEventStore.Schema1,
            SqliteDeliveryStore.Schema1,
            SqliteUsageStore.Schema1)),
        new(2, "plugin states", SqlitePluginStateStore.Schema2),
        new(3, "authorisations", string.Join('\n', SqliteTokenStore.Schema3, SqlitePendingAuthorizationStore.Schema3)),
        new(4, "effects and jobs", string.Join('\n', SqliteEffectStore.Schema4, SqliteIdempotencyStore.Schema4, SqliteJobStore.Schema4)),
        new(5, "rotation of keys", string.Join('\n', SqliteWrappedKeyStore.Schema5, SqliteApiKeyStore.Schema5, SqliteEndedSecretStore.Schema5)),
        new(6, "connection health", SqliteHealthStore.Schema6),
        new(7, "settings of subscriptions", SqliteSubscriptionStore.Schema7),
        new(8, "ordered deliveries", SqliteDeliveryStore.Schema8),
        new(9, "numbers of events", SqliteEventStore.Schema9),
        new(10, "state of endpoints", string.Join('\n', SqliteDeliveryStore.Schema10, SqliteEndpointStateStore.Schema10)),
        new(11, "afterlife of events", string.Join('\n', SqliteDeadLetterStore.Schema11, SqliteReplayStore.Schema11, SqliteEventStore.Schema11, SqliteErasureStore.Schema11)),
        new(12, "hashes of raw bodies made on demand", SqliteEventStore.Schema12),
        new(13, "events found by runs", SqliteEventIndex.Schema13),
    ];

    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Script.ReplaceLineEndings("\n"))));
}
