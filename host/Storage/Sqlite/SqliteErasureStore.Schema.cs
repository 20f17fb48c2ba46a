namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteErasureStore
{
    public const string Schema11 = """
        CREATE TABLE erasures (
            id TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            subject_hash BLOB NOT NULL,
            query BLOB,
            reason TEXT NOT NULL,
            phase TEXT NOT NULL,
            position TEXT NOT NULL,
            counts TEXT NOT NULL,
            actor TEXT NOT NULL,
            address TEXT,
            correlation_id TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            completed_at INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX erasures_running ON erasures (id) WHERE completed_at IS NULL;
        """;

    private const string Columns = "id, project, subject_hash, query, reason, phase, position, counts, actor, address, correlation_id, created_at, completed_at";

    private const string Select = $"SELECT {Columns} FROM erasures";

    private const string Insert = $"""
        INSERT INTO erasures ({Columns})
        VALUES ($id, $project, $subject_hash, $query, $reason, $phase, '', $counts, $actor, $address, $correlation_id, $created_at, NULL)
        """;

    private const string Move = "UPDATE erasures SET query = $query, phase = $phase, position = $position, counts = $counts, completed_at = $completed_at WHERE id = $id";

    private const string SelectBySubject = """
        SELECT id, number FROM events WHERE subject = $subject AND project = $project AND number > $after ORDER BY number LIMIT $limit
        """;

    private const string SelectByNumbers = """
        SELECT id, number FROM events
        WHERE number IN (SELECT value FROM json_each($numbers)) AND subject = $subject AND project = $project AND number > $after ORDER BY number LIMIT $limit
        """;

    private const string SelectNumber = "SELECT number FROM events WHERE id = $id";

    private const string SelectEvents = """
        SELECT id, number, sealed_data FROM events JOIN event_data USING (number) WHERE project = $project AND number > $after ORDER BY number LIMIT $limit
        """;

    // An answer names no project. Whose it is, its operation's record says, or the key that asked when it sees this project alone.
    private const string SelectAnswers = """
        SELECT id, answer, key FROM idempotent_requests
        WHERE id > $after AND answer IS NOT NULL
            AND (EXISTS (SELECT 1 FROM effects WHERE effects.request_id = idempotent_requests.id AND effects.project = $project)
                OR scope IN (SELECT api_keys.id FROM api_keys WHERE projects = json_array($project)))
        ORDER BY id LIMIT $limit
        """;

    private const string SelectJobs = "SELECT id, input, result, reason FROM jobs WHERE project = $project AND id > $after ORDER BY id LIMIT $limit";

    private const string SelectEffects = """
        SELECT id, COALESCE(reason, '') || char(10) || attempts || char(10) || COALESCE(settlement, '') || char(10) || COALESCE(idempotency_key, '')
        FROM effects WHERE project = $project AND id > $after ORDER BY id LIMIT $limit
        """;

    private const string CountAttempts = "SELECT COUNT(*) FROM delivery_attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE event_id = $id)";

    // The whole request, with what it brought of others besides: their events stay, and it would be gone in days.
    private const string DeleteRaw = "DELETE FROM raw_requests WHERE id = (SELECT request_id FROM events WHERE id = $id)";

    private const string DeleteDeliveries = "DELETE FROM deliveries WHERE event_id = $id";

    private const string DeleteEvent = "DELETE FROM events WHERE id = $id";

    // The key stays taken: what was done must not be done twice because its answer is gone.
    private const string DeleteAnswer = "UPDATE idempotent_requests SET answer = NULL, runs_until = started_at WHERE id = $id";

    private const string DeleteJob = "DELETE FROM jobs WHERE id = $id";

    private const string BlankEffect = "UPDATE effects SET reason = 'Erased.', attempts = '[]', settlement = NULL, idempotency_key = NULL WHERE id = $id";
}
