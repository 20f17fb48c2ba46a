namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteDeliveryStore
{
    /// <summary>What is pending stands in one of two small indexes, as long as it is: by the time it is due, or by the time its lease ends.</summary>
    public const string Schema1 = """
        CREATE TABLE deliveries (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            event_id TEXT NOT NULL REFERENCES events (id),
            subscription_id TEXT NOT NULL,
            project TEXT NOT NULL,
            event_type TEXT NOT NULL,
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            next_attempt_at INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            completed_at INTEGER,
            reason TEXT,
            replay_of TEXT,
            lease_owner TEXT,
            lease_until INTEGER
        );
        CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE status = 'pending' AND lease_until IS NULL;
        CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE status = 'pending' AND lease_until IS NOT NULL;
        CREATE INDEX deliveries_dead ON deliveries (created_at, id) WHERE status = 'dead';
        CREATE INDEX deliveries_by_time ON deliveries (created_at, id);
        CREATE INDEX deliveries_by_subscription ON deliveries (subscription_id, created_at, id);
        CREATE INDEX deliveries_by_event ON deliveries (event_id);

        CREATE TABLE delivery_attempts (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
            attempt INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            duration INTEGER NOT NULL,
            status INTEGER,
            outcome TEXT NOT NULL,
            error TEXT,
            response_body TEXT
        );
        CREATE UNIQUE INDEX delivery_attempts_by_delivery ON delivery_attempts (delivery_id, attempt, id);
        """;

    /// <summary>
    /// Within a subscription and an order key only the oldest pending delivery can come due: those behind it wait until 9999, out of the way of every lease, until the
    /// one before them is no longer pending. Triggers see to that, so that it holds whoever ends a delivery, and how; and no delivery without a key has any part in it.
    /// </summary>
    public const string Schema8 = """
        ALTER TABLE deliveries ADD COLUMN order_key TEXT;
        CREATE INDEX deliveries_ordered ON deliveries (subscription_id, order_key, number) WHERE status = 'pending' AND order_key IS NOT NULL;

        CREATE TRIGGER deliveries_next_in_order AFTER UPDATE OF status ON deliveries
        WHEN old.order_key IS NOT NULL AND old.status = 'pending' AND new.status <> 'pending'
        BEGIN
            UPDATE deliveries SET next_attempt_at = created_at
            WHERE next_attempt_at = 2534023007999999999 AND number = (
                SELECT number FROM deliveries INDEXED BY deliveries_ordered
                WHERE subscription_id = old.subscription_id AND order_key = old.order_key AND status = 'pending' AND order_key IS NOT NULL ORDER BY number LIMIT 1);
        END;

        CREATE TRIGGER deliveries_next_in_order_after_delete AFTER DELETE ON deliveries
        WHEN old.order_key IS NOT NULL AND old.status = 'pending'
        BEGIN
            UPDATE deliveries SET next_attempt_at = created_at
            WHERE next_attempt_at = 2534023007999999999 AND number = (
                SELECT number FROM deliveries INDEXED BY deliveries_ordered
                WHERE subscription_id = old.subscription_id AND order_key = old.order_key AND status = 'pending' AND order_key IS NOT NULL ORDER BY number LIMIT 1);
        END;
        """;

    /// <summary><see cref="Events.Delivery.NotYet"/> as it is stored.</summary>
    private const string NotYet = "2534023007999999999";

    /// <summary>
    /// What waits stands by subscription, so that a lease reads what it takes and nothing else: neither the backlog of an endpoint that is full or down, nor what is due much later.
    /// </summary>
    public const string Schema10 = """
        ALTER TABLE delivery_attempts ADD COLUMN response_headers TEXT;
        DROP INDEX deliveries_due;
        CREATE INDEX deliveries_waiting ON deliveries (subscription_id, next_attempt_at) WHERE status = 'pending' AND lease_until IS NULL;
        """;

    private const string Columns =
        "id, event_id, subscription_id, project, event_type, status, attempts, next_attempt_at, created_at, completed_at, reason, replay_of, order_key";

    private const string Select = $"SELECT {Columns} FROM deliveries";

    private const string InsertDelivery = $"""
        INSERT INTO deliveries ({Columns})
        VALUES ($id, $event_id, $subscription_id, $project, $event_type, $status, $attempts, $next_attempt_at, $created_at, $completed_at, $reason, $replay_of, $order_key)
        """;

    internal const string SelectBefore = """
        SELECT 1 FROM deliveries INDEXED BY deliveries_ordered
        WHERE subscription_id = $subscription_id AND order_key = $order_key AND status = 'pending' AND order_key IS NOT NULL LIMIT 1
        """;

    private const string IsFree = "status = 'pending' AND lease_until IS NULL";
    private const string IsLeased = "status = 'pending' AND lease_until IS NOT NULL";

    internal const string LeaseDue = $"""
        UPDATE deliveries SET lease_owner = $owner, lease_until = $until
        WHERE number IN (
            SELECT number FROM deliveries INDEXED BY deliveries_waiting
            WHERE {IsFree} AND subscription_id = $subscription_id AND next_attempt_at <= $now ORDER BY next_attempt_at LIMIT $max)
        RETURNING {Columns}
        """;

    private const string SelectNextDue =
        $"SELECT next_attempt_at FROM deliveries INDEXED BY deliveries_waiting WHERE {IsFree} AND subscription_id = $subscription_id ORDER BY next_attempt_at LIMIT 1";

    // From one subscription to the next through the index: as many steps as there are subscriptions, however much waits for each.
    private const string SelectAgenda = $"""
        WITH RECURSIVE waiting (subscription_id) AS (
            SELECT (SELECT subscription_id FROM deliveries INDEXED BY deliveries_waiting WHERE {IsFree} ORDER BY subscription_id LIMIT 1)
            UNION ALL
            SELECT (SELECT d.subscription_id FROM deliveries d INDEXED BY deliveries_waiting WHERE d.status = 'pending' AND d.lease_until IS NULL AND d.subscription_id > waiting.subscription_id
                ORDER BY d.subscription_id LIMIT 1)
            FROM waiting WHERE waiting.subscription_id IS NOT NULL)
        SELECT subscription_id, (
            SELECT d.next_attempt_at FROM deliveries d INDEXED BY deliveries_waiting
            WHERE d.status = 'pending' AND d.lease_until IS NULL AND d.subscription_id = waiting.subscription_id ORDER BY d.next_attempt_at LIMIT 1)
        FROM waiting WHERE subscription_id IS NOT NULL
        """;

    private const string SelectLeaseEnd = $"SELECT lease_until FROM deliveries INDEXED BY deliveries_leased WHERE {IsLeased} AND lease_owner <> $owner ORDER BY lease_until LIMIT 1";

    private const string FreeExpired = $"""
        UPDATE deliveries SET lease_owner = NULL, lease_until = NULL
        WHERE number IN (
            SELECT number FROM deliveries INDEXED BY deliveries_leased
            WHERE {IsLeased} AND lease_until <= $now AND NOT (lease_owner = $owner AND id IN (SELECT value FROM json_each($held))) ORDER BY lease_until LIMIT $max)
        RETURNING subscription_id
        """;

    private const string UpdateOutcome = """
        UPDATE deliveries
        SET status = $status, attempts = $attempts, next_attempt_at = COALESCE($next_attempt_at, next_attempt_at), completed_at = $completed_at, reason = $reason,
            lease_owner = NULL, lease_until = NULL
        WHERE id = $id AND status = 'pending' AND lease_owner = $owner
        """;

    private const string InsertAttempt = """
        INSERT INTO delivery_attempts (id, delivery_id, attempt, started_at, duration, status, outcome, error, response_body, step, response_headers)
        VALUES ($id, $delivery_id, $attempt, $started_at, $duration, $status, $outcome, $error, $response_body, $step, $response_headers)
        """;

    private const string SelectAttempts = """
        SELECT id, delivery_id, attempt, started_at, duration, status, outcome, error, response_body, step, response_headers
        FROM delivery_attempts WHERE delivery_id = $delivery_id ORDER BY attempt, id
        """;

    private const string GiveBack =
        $"UPDATE deliveries SET lease_owner = NULL, lease_until = NULL WHERE id IN (SELECT value FROM json_each($ids)) AND {IsLeased} AND lease_owner = $owner";

    private const string SetDue = $"UPDATE deliveries SET next_attempt_at = MIN(next_attempt_at, $now) WHERE id = $id AND status = 'pending' AND next_attempt_at <> {NotYet}";

    // Through the indexes of what is pending: a subscription may have millions of deliveries behind it.
    private const string CancelFree = $"""
        UPDATE deliveries INDEXED BY deliveries_waiting SET status = 'cancelled', completed_at = $now, reason = $reason
        WHERE {IsFree} AND subscription_id = $subscription_id
        """;

    private const string CancelLeased = $"""
        UPDATE deliveries INDEXED BY deliveries_leased SET status = 'cancelled', completed_at = $now, reason = $reason, lease_owner = NULL, lease_until = NULL
        WHERE {IsLeased} AND subscription_id = $subscription_id
        """;
}
