using IntegrationHub.Host.Http;
using IntegrationHub.Host.Privacy;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Storage.Sqlite;

internal sealed partial class SqliteErasureStore(SqliteStorage storage) : IErasureStore
{
    /// <summary>How many events of a subject are picked out one by one; of more, the log is walked.</summary>
    private const int SubjectNumbers = 20_000;

    public Task AddAsync(Erasure erasure, CancellationToken cancellationToken) => storage.WriteAsync(
        session => session.Execute(
            Insert,
            ("$id", erasure.Id),
            ("$project", erasure.Project),
            ("$subject_hash", erasure.SubjectHash),
            ("$query", erasure.SealedQuery),
            ("$reason", erasure.Reason),
            ("$phase", erasure.Phase.ToString()),
            ("$counts", SqliteValues.ToJson(erasure.Counts)),
            ("$actor", erasure.Actor),
            ("$address", erasure.Address),
            ("$correlation_id", erasure.CorrelationId),
            ("$created_at", erasure.CreatedAt.ToStored())),
        cancellationToken);

    public Task<Erasure?> GetAsync(string id, CancellationToken cancellationToken) =>
        storage.ReadAsync(session => session.First(Select + " WHERE id = $id", Map, ("$id", id)), cancellationToken);

    public Task<Page<Erasure>> ListAsync(IReadOnlySet<string>? visibleProjects, PageRequest page, CancellationToken cancellationToken) => storage.ReadAsync(
        session => new SqliteFilter("erasures", page).In("project", visibleProjects).ReadById(session, Select, "id", Map, static erasure => erasure.Id), cancellationToken);

    public Task<Erasure?> NextAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync(static session => session.First(Select + " WHERE completed_at IS NULL ORDER BY id LIMIT 1", Map), cancellationToken);

    public Task<IReadOnlyList<HeldThing>> ListAsync(ErasurePhase phase, string project, string? subject, string after, int limit, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<HeldThing>>(
            session => phase switch
            {
                ErasurePhase.Subjects => ListOfSubject(session, project, subject, Number(after), limit),
                ErasurePhase.Data => session.Query(SelectEvents, MapEventWithData, ("$project", project), ("$after", Number(after)), ("$limit", limit)),
                ErasurePhase.Answers => session.Query(SelectAnswers, MapAnswer, ("$project", project), ("$after", after), ("$limit", limit)),
                ErasurePhase.Jobs => session.Query(SelectJobs, MapJob, ("$project", project), ("$after", after), ("$limit", limit)),
                ErasurePhase.Effects => session.Query(SelectEffects, MapEffect, ("$project", project), ("$after", after), ("$limit", limit)),
                _ => [],
            },
            cancellationToken);

    public Task<Erasure> EraseAsync(Erasure erasure, PersonQuery person, IReadOnlyList<string> ids, Erasure next, CancellationToken cancellationToken) => storage.WriteAsync(
        session =>
        {
            // Free pages keep what was on them until they are used again; here they must not. Off again at once: it costs writes that webhooks would wait for.
            if (ids.Count > 0)
                session.Run("PRAGMA secure_delete = ON");

            var counts = new ErasureCounts();
            try
            {
                foreach (var id in ids)
                    counts += Erase(session, erasure.Phase, id, person);
            }
            finally
            {
                if (ids.Count > 0)
                    session.Run("PRAGMA secure_delete = OFF");
            }

            var after = next with { Counts = erasure.Counts + counts };
            session.Execute(
                Move,
                ("$id", after.Id),
                ("$query", after.SealedQuery),
                ("$phase", after.Phase.ToString()),
                ("$position", after.Position),
                ("$counts", SqliteValues.ToJson(after.Counts)),
                ("$completed_at", after.CompletedAt.ToStored()));
            return after;
        },
        cancellationToken);

    private List<HeldThing> ListOfSubject(SqliteSession session, string project, string? subject, long after, int limit)
    {
        if (subject is null)
            return [];

        return storage.EventIndex.NumbersOf(session, subject, SubjectNumbers) is { } numbers
            ? session.Query(
                SelectByNumbers,
                MapEvent,
                ("$numbers", SqliteValues.ToJson(numbers)), ("$project", project), ("$subject", subject), ("$after", after), ("$limit", limit))
            : session.Query(SelectBySubject, MapEvent, ("$project", project), ("$subject", subject), ("$after", after), ("$limit", limit));
    }

    private ErasureCounts Erase(SqliteSession session, ErasurePhase phase, string id, PersonQuery person)
    {
        switch (phase)
        {
            case ErasurePhase.Subjects or ErasurePhase.Data:
                var attempts = session.First(CountAttempts, static row => row.GetInt32(0), ("$id", id));
                var raws = session.Execute(DeleteRaw, ("$id", id));

                var deliveries = session.Execute(DeleteDeliveries, ("$id", id));
                var one = SqliteEventStore.Read(session, [id]).FirstOrDefault();
                var number = session.First(SelectNumber, static row => row.GetInt64(0), ("$id", id));
                var events = session.Execute(DeleteEvent, ("$id", id));

                // That the provider's id of the event is known stays known until its window ends, so that a late repetition does not bring the event back; unless the id itself names the person.
                var forgotten = one is not null && storage.EventIndex.Remove(session, one, number, withId: person.IsInText(one.ProviderEventId));
                return new ErasureCounts(Events: events, RawRequests: raws, Deliveries: deliveries, Attempts: attempts, Repetitions: forgotten ? 1 : 0);
            case ErasurePhase.Answers:
                return new ErasureCounts(Answers: session.Execute(DeleteAnswer, ("$id", id)));
            case ErasurePhase.Jobs:
                return new ErasureCounts(Jobs: session.Execute(DeleteJob, ("$id", id)));
            case ErasurePhase.Effects:
                return new ErasureCounts(Effects: session.Execute(BlankEffect, ("$id", id)));
            default:
                return new ErasureCounts();
        }
    }

    private static long Number(string position) => position.Length == 0 ? 0 : long.Parse(position, System.Globalization.CultureInfo.InvariantCulture);

    private static HeldThing MapEvent(SqliteDataReader row) => new(row.GetString(0), SqliteFilter.Number(row.GetInt64(1)), [], null);

    private static HeldThing MapEventWithData(SqliteDataReader row) => new(row.GetString(0), SqliteFilter.Number(row.GetInt64(1)), [(row.Bytes(2), row.GetString(0))], null);

    private static HeldThing MapAnswer(SqliteDataReader row) => new(row.GetString(0), row.GetString(0), [(row.Bytes(1), row.GetString(0))], row.GetString(2));

    private static HeldThing MapJob(SqliteDataReader row)
    {
        var id = row.GetString(0);
        return new(id, id, row.BytesOrNull(2) is { } result ? [(row.Bytes(1), id), (result, id)] : [(row.Bytes(1), id)], row.TextOrNull(3));
    }

    private static HeldThing MapEffect(SqliteDataReader row) => new(row.GetString(0), row.GetString(0), [], row.TextOrNull(1));

    private static Erasure Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Project = row.GetString(1),
        SubjectHash = row.Bytes(2),
        SealedQuery = row.BytesOrNull(3),
        Reason = row.GetString(4),
        Phase = Enum.Parse<ErasurePhase>(row.GetString(5)),
        Position = row.GetString(6),
        Counts = row.Json<ErasureCounts>(7),
        Actor = row.GetString(8),
        Address = row.TextOrNull(9),
        CorrelationId = row.GetString(10),
        CreatedAt = row.Time(11),
        CompletedAt = row.TimeOrNull(12),
        State = row.IsDBNull(12) ? ErasureState.Running : ErasureState.Completed,
    };
}
