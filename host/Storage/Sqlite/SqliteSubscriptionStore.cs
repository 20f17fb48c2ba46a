using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteSubscriptionStore(SqliteStorage storage, TimeProvider time) : ISubscriptionStore
{
    public const string Schema1 = """
        CREATE TABLE subscriptions (
            id TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            environment TEXT,
            pattern TEXT NOT NULL,
            description TEXT,
            target_kind TEXT NOT NULL,
            url TEXT NOT NULL,
            sealed_secret BLOB NOT NULL,
            sealed_previous_secret BLOB,
            previous_secret_valid_until INTEGER,
            wrapped_key BLOB NOT NULL,
            master_key_id TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            disabled_reason TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL
        );
        """;

    public const string Schema7 = """
        ALTER TABLE subscriptions ADD COLUMN settings TEXT;
        ALTER TABLE subscriptions ADD COLUMN sealed_settings BLOB;
        """;

    private const string Columns = """
        id, project, environment, pattern, description, target_kind, url, sealed_secret, sealed_previous_secret, previous_secret_valid_until,
        wrapped_key, master_key_id, enabled, disabled_reason, created_at, updated_at, version, settings, sealed_settings
        """;

    private const string Values = """
        $id, $project, $environment, $pattern, $description, $target_kind, $url, $sealed_secret, $sealed_previous_secret, $previous_secret_valid_until,
        $wrapped_key, $master_key_id, $enabled, $disabled_reason, $created_at, $updated_at, $version, $settings, $sealed_settings
        """;

    private const string Select = $"SELECT {Columns} FROM subscriptions";

    private const string Insert = $"INSERT INTO subscriptions ({Columns}) VALUES ({Values})";

    // Without the wrapped key: a change is made from a copy, and the key may have been wrapped anew since that was read.
    private const string Replace = """
        UPDATE subscriptions SET (project, environment, pattern, description, target_kind, url, sealed_secret, sealed_previous_secret, previous_secret_valid_until,
            enabled, disabled_reason, updated_at, version, settings, sealed_settings)
        = ($project, $environment, $pattern, $description, $target_kind, $url, $sealed_secret, $sealed_previous_secret, $previous_secret_valid_until,
            $enabled, $disabled_reason, $updated_at, $version, $settings, $sealed_settings)
        WHERE id = $id AND version = $version - 1
        """;

    /// <summary>Where its rows keep their data keys.</summary>
    public static readonly SqliteWrappedKeys Keys = new("subscription", "subscriptions", "wrapped_key", Extra: null, static (id, _) => KeyContexts.Subscription(id));

    private const string Delete = "DELETE FROM subscriptions WHERE id = $id";

    private const string SelectExists = "SELECT 1 FROM subscriptions WHERE id = $id";

    /// <summary>Whether it is there, within the writer's transaction.</summary>
    public static bool Exists(SqliteSession session, string id) => session.Any(SelectExists, ("$id", id));

    public Task AddAsync(Subscription subscription, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Insert, Arguments(subscription)), cancellationToken);

    public Task<Subscription?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<Page<Subscription>> ListAsync(IReadOnlySet<string>? visibleProjects, string? project, PageRequest page, CancellationToken cancellationToken) =>
        storage.ReadAsync(
            session => new SqliteFilter("subscriptions", page)
                .Equal("project", project)
                .In("project", visibleProjects)
                .ReadById(session, Select, "id", Map, static subscription => subscription.Id),
            cancellationToken);

    public Task<IReadOnlyList<Subscription>> ListEnabledAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<Subscription>>(static session => session.Query(Select + " WHERE enabled = 1 ORDER BY id", Map), cancellationToken);

    public Task<bool> UpdateAsync(Subscription subscription, CancellationToken cancellationToken) =>
        storage.WriteAsync(session => session.Execute(Replace, Arguments(subscription)) > 0, cancellationToken);

    public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            if (session.Execute(Delete, ("$id", id)) == 0)
                return false;

            SqliteDeliveryStore.CancelPending(session, id, time.GetUtcNow());
            return true;
        },
        cancellationToken);

    private static (string Name, object? Value)[] Arguments(Subscription subscription) =>
    [
        ("$id", subscription.Id),
        ("$project", subscription.Project),
        ("$environment", subscription.Environment),
        ("$pattern", subscription.Pattern),
        ("$description", subscription.Description),
        ("$target_kind", subscription.TargetKind),
        ("$url", subscription.Url),
        ("$sealed_secret", subscription.SealedSecret),
        ("$sealed_previous_secret", subscription.SealedPreviousSecret),
        ("$previous_secret_valid_until", subscription.PreviousSecretValidUntil.ToStored()),
        ("$wrapped_key", subscription.WrappedKey),
        ("$master_key_id", subscription.MasterKeyId),
        ("$enabled", subscription.Enabled.ToStored()),
        ("$disabled_reason", subscription.DisabledReason),
        ("$created_at", subscription.CreatedAt.ToStored()),
        ("$updated_at", subscription.UpdatedAt.ToStored()),
        ("$version", subscription.Version),
        ("$settings", subscription.Settings == SubscriptionSettings.None ? null : JsonSerializer.Serialize(subscription.Settings, HubJson.Options)),
        ("$sealed_settings", subscription.SealedSettings),
    ];

    private static Subscription Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Project = row.GetString(1),
        Environment = row.TextOrNull(2),
        Pattern = row.GetString(3),
        Description = row.TextOrNull(4),
        TargetKind = row.GetString(5),
        Url = row.GetString(6),
        SealedSecret = row.Bytes(7),
        SealedPreviousSecret = row.BytesOrNull(8),
        PreviousSecretValidUntil = row.TimeOrNull(9),
        WrappedKey = row.Bytes(10),
        MasterKeyId = row.GetString(11),
        Enabled = row.GetBoolean(12),
        DisabledReason = row.TextOrNull(13),
        CreatedAt = row.Time(14),
        UpdatedAt = row.Time(15),
        Version = row.GetInt32(16),
        Settings = row.TextOrNull(17) is { } settings ? JsonSerializer.Deserialize<SubscriptionSettings>(settings, HubJson.Options)! : SubscriptionSettings.None,
        SealedSettings = row.BytesOrNull(18),
    };
}
