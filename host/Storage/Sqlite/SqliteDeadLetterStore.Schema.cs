namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteDeadLetterStore
{
    /// <summary>
    /// What died has a row of its own, so that the queue of deliveries stays as narrow as it is. Its numbers are never used twice: replays walk them. What an earlier version left is taken
    /// over without a cause; it gets one after the start.
    /// </summary>
    public const string Schema11 = """
        ALTER TABLE delivery_attempts ADD COLUMN step TEXT;

        CREATE TABLE dead_letters (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            delivery_id TEXT NOT NULL UNIQUE REFERENCES deliveries (id) ON DELETE CASCADE,
            project TEXT NOT NULL,
            subscription_id TEXT NOT NULL,
            event_type TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            died_at INTEGER NOT NULL,
            fingerprint TEXT,
            step TEXT NOT NULL,
            status INTEGER,
            pattern TEXT NOT NULL,
            replayed_by TEXT,
            told INTEGER NOT NULL
        );
        CREATE INDEX dead_letters_by_fingerprint ON dead_letters (fingerprint, number);
        CREATE INDEX dead_letters_by_subscription ON dead_letters (subscription_id, number);
        CREATE INDEX dead_letters_untold ON dead_letters (number) WHERE told = 0;

        INSERT INTO dead_letters (delivery_id, project, subscription_id, event_type, created_at, died_at, fingerprint, step, status, pattern, replayed_by, told)
        SELECT id, project, subscription_id, event_type, created_at, COALESCE(completed_at, created_at), NULL, 'answer', NULL, '',
            (SELECT MAX(again.id) FROM deliveries AS again WHERE again.event_id = dead.event_id AND again.replay_of = dead.id), 1
        FROM deliveries AS dead WHERE status = 'dead' ORDER BY COALESCE(completed_at, created_at), id;
        """;

    private const string Columns = "letter.number, fingerprint, step, letter.status, pattern, died_at, replayed_by, delivery_id";

    private const string Select = $"SELECT {Columns} FROM dead_letters AS letter";

    private const string InsertLetter = """
        INSERT INTO dead_letters (delivery_id, project, subscription_id, event_type, created_at, died_at, fingerprint, step, status, pattern, told)
        VALUES ($delivery_id, $project, $subscription_id, $event_type, $created_at, $died_at, $fingerprint, $step, $status, $pattern, $told)
        """;

    private const string SelectGroups = """
        SELECT fingerprint, subscription_id, project, step, status, MIN(pattern), COUNT(*), SUM(replayed_by IS NULL), MIN(died_at), MAX(died_at), MAX(number)
        FROM dead_letters AS letter
        """;

    private const string GroupBy = " GROUP BY fingerprint, subscription_id, project, step, status ORDER BY COUNT(*) DESC, MAX(number) DESC LIMIT ";

    private const string SelectIdByNumber = "SELECT delivery_id FROM dead_letters WHERE number = $number";

    // Whoever changes the row makes the delivery.
    private const string Claim = "UPDATE dead_letters SET replayed_by = $by WHERE delivery_id = $id AND replayed_by IS $former";

    private const string SelectUntold = "SELECT delivery_id FROM dead_letters WHERE told = 0 ORDER BY number LIMIT $limit";

    private const string MarkTold = "UPDATE dead_letters SET told = 1 WHERE delivery_id IN (SELECT value FROM json_each($ids))";

    private const string SelectUnexplained = """
        SELECT letter.delivery_id, letter.subscription_id, deliveries.reason,
            (SELECT json_array(outcome, attempt.status, error) FROM delivery_attempts AS attempt WHERE attempt.delivery_id = letter.delivery_id ORDER BY attempt.attempt DESC, attempt.id DESC LIMIT 1)
        FROM dead_letters AS letter JOIN deliveries ON deliveries.id = letter.delivery_id
        WHERE fingerprint IS NULL LIMIT $limit
        """;

    private const string Explain = "UPDATE dead_letters SET fingerprint = $fingerprint, step = $step, status = $status, pattern = $pattern WHERE delivery_id = $id";
}
