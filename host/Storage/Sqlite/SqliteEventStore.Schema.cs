namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteEventStore
{
    /// <summary>Payloads stand apart from the events, so that lists read narrow rows only.</summary>
    public const string Schema1 = """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            connection_id TEXT,
            provider TEXT NOT NULL,
            project TEXT NOT NULL,
            environment TEXT NOT NULL,
            type TEXT NOT NULL,
            subject TEXT,
            provider_event_id TEXT NOT NULL,
            time INTEGER NOT NULL,
            received_at INTEGER NOT NULL,
            correlation_id TEXT NOT NULL,
            request_id TEXT
        );
        CREATE INDEX events_by_time ON events (received_at, id);
        CREATE INDEX events_by_connection ON events (connection_id, received_at, id) WHERE connection_id IS NOT NULL;
        CREATE INDEX events_by_type ON events (type, received_at, id);
        CREATE INDEX events_by_subject ON events (subject, received_at, id) WHERE subject IS NOT NULL;

        CREATE TABLE event_data (
            number INTEGER PRIMARY KEY REFERENCES events (number) ON DELETE CASCADE,
            sealed_data BLOB NOT NULL
        );

        CREATE TABLE event_repetitions (
            scope TEXT NOT NULL,
            provider_event_id TEXT NOT NULL,
            event_id TEXT NOT NULL,
            stored_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (scope, provider_event_id)
        ) WITHOUT ROWID;
        CREATE INDEX event_repetitions_by_expiry ON event_repetitions (expires_at);

        CREATE TABLE raw_requests (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            connection_id TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            body_hash BLOB NOT NULL,
            sealed_head BLOB NOT NULL,
            sealed_body BLOB NOT NULL
        );
        CREATE INDEX raw_requests_by_expiry ON raw_requests (expires_at);
        """;

    /// <summary>The hash of a body is made when somebody looks at it, not for each webhook.</summary>
    public const string Schema12 = "ALTER TABLE raw_requests DROP COLUMN body_hash;";

    private const string Columns =
        "id, connection_id, provider, project, environment, type, subject, provider_event_id, time, received_at, correlation_id, request_id";

    private const string InsertEvent = $"""
        INSERT INTO events (number, {Columns})
        VALUES ($number, $id, $connection_id, $provider, $project, $environment, $type, $subject, $provider_event_id, $time, $received_at, $correlation_id, $request_id)
        """;

    private const string InsertData = "INSERT INTO event_data (number, sealed_data) VALUES ($number, $sealed_data)";

    /// <summary>What was made of an earlier event's raw request; the index holds nothing else.</summary>
    public const string Schema11 = """
        ALTER TABLE events ADD COLUMN reprocess_of TEXT;
        CREATE INDEX events_by_reprocess ON events (reprocess_of) WHERE reprocess_of IS NOT NULL;
        """;

    private const string MarkReprocessed = "UPDATE events SET reprocess_of = $reprocess_of WHERE id = $id";

    // All events of a request have its time, and the index of connections leads there.
    private const string SelectOfRequest = $"""
        SELECT {Columns}, sealed_data, reprocess_of FROM events JOIN event_data USING (number)
        WHERE connection_id = $connection_id AND received_at = $received_at AND request_id = $request_id ORDER BY number
        """;

    private const string SelectReprocessed = $"""
        SELECT {Columns}, sealed_data, reprocess_of FROM events JOIN event_data USING (number)
        WHERE reprocess_of IN (SELECT value FROM json_each($ids)) ORDER BY number
        """;

    private const string Select = $"SELECT {Columns}, reprocess_of FROM events";

    private const string SelectWithData = $"SELECT {Columns}, sealed_data, reprocess_of FROM events JOIN event_data USING (number)";

    private const string InsertRaw = """
        INSERT INTO raw_requests (id, connection_id, received_at, expires_at, sealed_head, sealed_body)
        VALUES ($id, $connection_id, $received_at, $expires_at, $sealed_head, $sealed_body)
        """;

    private const string SelectRaw =
        "SELECT id, connection_id, received_at, expires_at, sealed_head, sealed_body FROM raw_requests WHERE id = $id";

    private const string PurgeRaw = """
        DELETE FROM raw_requests WHERE number IN (SELECT number FROM raw_requests WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit)
        """;

    private const string PurgeRepetitions = """
        DELETE FROM event_repetitions WHERE (scope, provider_event_id) IN
            (SELECT scope, provider_event_id FROM event_repetitions WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit)
        """;
}
