namespace IntegrationHub.Host.Storage.Sqlite.EventIndex;

internal sealed partial class SqliteEventIndex
{
    /// <summary>
    /// Providers' ids come in no order: a B-tree over them changes a page somewhere else for each event, and that page is written twice. Runs are only added to.
    /// The table of repetitions stays for what no run covers: ids from before this step, and those of events that were deleted before they came into one.
    /// </summary>
    public const string Schema13 = """
        DROP INDEX events_by_subject;

        CREATE TABLE event_runs (
            run INTEGER PRIMARY KEY,
            last_number INTEGER NOT NULL,
            repetition_chunks INTEGER NOT NULL,
            subject_chunks INTEGER NOT NULL,
            newest_stored_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            filter BLOB
        );
        CREATE INDEX event_runs_by_last ON event_runs (last_number);
        CREATE TABLE event_run_chunks (
            place INTEGER PRIMARY KEY,
            entries BLOB NOT NULL
        );

        CREATE TABLE event_windows (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            longest INTEGER NOT NULL
        );
        INSERT INTO event_windows (id, longest) SELECT 1, COALESCE(MAX(expires_at - stored_at), 0) FROM event_repetitions;

        CREATE TRIGGER events_keep_repetition BEFORE DELETE ON events
        WHEN OLD.reprocess_of IS NULL AND OLD.number > (SELECT COALESCE(MAX(last_number), 0) FROM event_runs)
        BEGIN
            INSERT INTO event_repetitions (scope, provider_event_id, event_id, stored_at, expires_at)
            SELECT COALESCE(OLD.connection_id, 'project/' || OLD.project), OLD.provider_event_id, OLD.id, OLD.received_at,
                CASE WHEN longest > 9223372036854775807 - OLD.received_at THEN 9223372036854775807 ELSE OLD.received_at + longest END
            FROM event_windows WHERE longest > 0
            ON CONFLICT (scope, provider_event_id) DO UPDATE
            SET event_id = excluded.event_id, stored_at = excluded.stored_at, expires_at = excluded.expires_at
            WHERE excluded.stored_at > stored_at;
        END;
        """;

    private const string SelectRuns = "SELECT run, last_number, repetition_chunks, subject_chunks, newest_stored_at, expires_at, filter FROM event_runs ORDER BY run";

    private const string InsertRun = """
        INSERT INTO event_runs (run, last_number, repetition_chunks, subject_chunks, newest_stored_at, expires_at, filter)
        VALUES ($run, $last_number, $repetition_chunks, $subject_chunks, $newest_stored_at, $expires_at, $filter)
        """;

    private const string InsertChunk = "INSERT INTO event_run_chunks (place, entries) VALUES ($place, $entries)";

    private const string SelectChunk = "SELECT entries FROM event_run_chunks WHERE place = $place";

    private const string UpdateChunk = "UPDATE event_run_chunks SET entries = $entries WHERE place = $place";

    private const string DeleteChunks = "DELETE FROM event_run_chunks WHERE place IN (SELECT place FROM event_run_chunks WHERE place >= $from AND place < $to ORDER BY place LIMIT $limit)";

    private const string ForgetRepetitions = "UPDATE event_runs SET repetition_chunks = 0, filter = NULL WHERE run = $run";

    private const string DeleteRun = "DELETE FROM event_runs WHERE run = $run";

    private const string SelectFirstNumber = "SELECT MIN(number) FROM events";

    private const string SelectLongestWindow = "SELECT longest FROM event_windows";

    private const string UpdateLongestWindow = "UPDATE event_windows SET longest = $longest";

    private const string SelectToIndex = """
        SELECT number, connection_id, project, provider_event_id, subject, received_at, reprocess_of FROM events WHERE number > $after ORDER BY number LIMIT $limit
        """;

    private const string SelectIdOfNumber = "SELECT id FROM events WHERE number = $number";

    private const string HasKept = "SELECT 1 FROM event_repetitions LIMIT 1";

    private const string SelectKept =
        "SELECT event_id FROM event_repetitions WHERE scope = COALESCE($connection_id, 'project/' || $project) AND provider_event_id = $provider_event_id AND stored_at > $cutoff";

    private const string DeleteKept = "DELETE FROM event_repetitions WHERE scope = COALESCE($connection_id, 'project/' || $project) AND provider_event_id = $provider_event_id";
}
