using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteEndedSecretStore(SqliteStorage storage) : IEndedSecretStore
{
    public const string Schema5 = """
        CREATE INDEX connections_with_retired_secrets ON connections (id) WHERE retired_secrets <> '[]';
        CREATE INDEX subscriptions_with_previous_secret ON subscriptions (previous_secret_valid_until) WHERE previous_secret_valid_until IS NOT NULL;
        CREATE INDEX api_keys_with_previous_hash ON api_keys (previous_valid_until) WHERE previous_valid_until IS NOT NULL;
        """;

    private const string SelectRetired = "SELECT id, retired_secrets FROM connections WHERE retired_secrets <> '[]' ORDER BY id";

    private const string UpdateRetired = "UPDATE connections SET retired_secrets = $retired WHERE id = $id";

    private const string ClearSubscriptions = """
        UPDATE subscriptions SET sealed_previous_secret = NULL, previous_secret_valid_until = NULL
        WHERE id IN (SELECT id FROM subscriptions WHERE previous_secret_valid_until IS NOT NULL AND previous_secret_valid_until <= $now LIMIT $limit)
        """;

    private const string ClearKeys = """
        UPDATE api_keys SET previous_hash = NULL, previous_valid_until = NULL
        WHERE id IN (SELECT id FROM api_keys WHERE previous_valid_until IS NOT NULL AND previous_valid_until <= $now LIMIT $limit)
        """;

    public async Task<int> PurgeAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken)
    {
        // Looked for outside of the writer's time: connections keep theirs as a list.
        var retired = await storage.ReadAsync(static session => session.Query(SelectRetired, static row => (Id: row.GetString(0), Secrets: row.Json<RetiredSecret[]>(1))), cancellationToken);
        var ended = retired.Where(one => one.Secrets.Any(secret => secret.ValidUntil <= now)).Take(batch).Select(one => one.Id).ToList();
        return await storage.WriteAsync(
            session =>
            {
                var purged = session.Execute(ClearSubscriptions, ("$now", now.ToStored()), ("$limit", batch)) + session.Execute(ClearKeys, ("$now", now.ToStored()), ("$limit", batch));
                foreach (var id in ended)
                    if (session.First("SELECT retired_secrets FROM connections WHERE id = $id", static row => row.Json<RetiredSecret[]>(0), ("$id", id)) is { } present)
                        purged += session.Execute(UpdateRetired, ("$retired", SqliteValues.ToJson(present.Where(secret => now < secret.ValidUntil))), ("$id", id));

                return purged;
            },
            cancellationToken);
    }
}
