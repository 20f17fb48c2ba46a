using System.Runtime.CompilerServices;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed class SqliteAuditStore(SqliteStorage storage) : IAuditStore
{
    public const string Schema1 = """
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            target TEXT,
            project TEXT,
            address TEXT,
            correlation_id TEXT,
            details TEXT,
            previous_hash BLOB NOT NULL,
            hash BLOB NOT NULL
        );
        CREATE INDEX audit_by_actor ON audit (actor);
        CREATE INDEX audit_by_action ON audit (action);
        CREATE INDEX audit_by_target ON audit (target) WHERE target IS NOT NULL;
        CREATE TRIGGER audit_is_not_updated BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'The audit is append-only.'); END;
        CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'The audit is append-only.'); END;
        CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN NEW.sequence <= (SELECT MAX(sequence) FROM audit)
            BEGIN SELECT RAISE(ABORT, 'The audit is append-only.'); END;
        """;

    private const string Select =
        "SELECT sequence, time, actor, action, target, project, address, correlation_id, details, previous_hash, hash FROM audit";

    private const string SelectLast = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";

    private const string SelectFrom = Select + " WHERE sequence >= $from ORDER BY sequence LIMIT $limit";

    private const string Insert = """
        INSERT INTO audit (sequence, time, actor, action, target, project, address, correlation_id, details, previous_hash, hash)
        VALUES ($sequence, $time, $actor, $action, $target, $project, $address, $correlation_id, $details, $previous_hash, $hash)
        """;

    private const int HashBytes = 32;
    private const int ReadBatch = 500;

    public Task AppendAsync(IReadOnlyList<AuditEntry> entries, AuditLink link, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            var (sequence, hash) = session.First(SelectLast, static row => (row.GetInt64(0), row.Bytes(1)));
            hash ??= new byte[HashBytes];
            foreach (var entry in entries)
            {
                // Linked as it will be read back: the same instant, in UTC.
                var kept = entry with { Time = entry.Time.ToUniversalTime() };
                var next = link(++sequence, hash, kept);
                Append(session, new AuditRecord(sequence, kept, hash, next));
                hash = next;
            }

            return sequence;
        },
        cancellationToken);

    public Task<Page<AuditRecord>> ListAsync(AuditQuery query, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("audit", page)
            .Equal("actor", query.Actor)
            .Equal("action", query.Action)
            .Equal("target", query.Target)
            .Between("time", query.From, query.To)
            .ReadByNumber(session, Select, "sequence", Map, static record => record.Sequence),
        cancellationToken);

    public async IAsyncEnumerable<AuditRecord> ReadAsync(long fromSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // In batches: a read that stays open keeps the log from being emptied.
        while (true)
        {
            var from = fromSequence;
            var batch = await storage.ReadAsync(session => session.Query(SelectFrom, Map, ("$from", from), ("$limit", ReadBatch)), cancellationToken);
            foreach (var record in batch)
                yield return record;

            if (batch.Count < ReadBatch)
                yield break;

            fromSequence = batch[^1].Sequence + 1;
        }
    }

    private static void Append(SqliteSession session, AuditRecord record)
    {
        var entry = record.Entry;
        session.Execute(
            Insert,
            ("$sequence", record.Sequence),
            ("$time", entry.Time.ToStored()),
            ("$actor", entry.Actor),
            ("$action", entry.Action),
            ("$target", entry.Target),
            ("$project", entry.Project),
            ("$address", entry.Address),
            ("$correlation_id", entry.CorrelationId),
            ("$details", entry.Details.ValueKind == JsonValueKind.Undefined ? null : entry.Details.GetRawText()),
            ("$previous_hash", record.PreviousHash),
            ("$hash", record.Hash));
    }

    private static AuditRecord Map(SqliteDataReader row) => new(
        row.GetInt64(0),
        new AuditEntry
        {
            Time = row.Time(1),
            Actor = row.GetString(2),
            Action = row.GetString(3),
            Target = row.TextOrNull(4),
            Project = row.TextOrNull(5),
            Address = row.TextOrNull(6),
            CorrelationId = row.TextOrNull(7),
            Details = row.IsDBNull(8) ? default : row.Json<JsonElement>(8),
        },
        row.Bytes(9),
        row.Bytes(10));
}
