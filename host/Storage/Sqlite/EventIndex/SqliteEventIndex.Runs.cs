namespace IntegrationHub.Host.Storage.Sqlite.EventIndex;

internal sealed partial class SqliteEventIndex
{
    private const int ChunkBits = 20;

    private long NextRun => runs.Length == 0 ? 1 : runs[^1].Id + 1;

    /// <summary>
    /// Reads what is on disk, and of the log what no run covers: <paramref name="events"/> of them. A log without runs, from before there were any, is covered here.
    /// What was received so long before <paramref name="now"/> that no window reaches it is not remembered.
    /// </summary>
    public static SqliteEventIndex Load(SqliteSession session, long lastNumber, long now, int eventsPerRun, out int events)
    {
        var longest = session.First(SelectLongestWindow, static row => row.GetInt64(0));
        var index = new SqliteEventIndex([], lastNumber, longest, eventsPerRun);
        index.runs = index.WithinMemory([.. session.Query(SelectRuns, static row => new EventRun
        {
            Id = row.GetInt64(0),
            Last = row.GetInt64(1),
            RepetitionChunks = row.GetInt32(2),
            SubjectChunks = row.GetInt32(3),
            NewestStoredAt = row.GetInt64(4),
            ExpiresAt = row.GetInt64(5),
            Filter = row.BytesOrNull(6) is { } filter ? new RunFilter(filter) : null,
        })]);
        index.tail = new EventTail(index.runs.Length == 0 ? 0 : index.runs[^1].Last);

        // Of a run that was not finished.
        session.Execute(DeleteChunks, ("$from", Place(index.NextRun, 0, 0)), ("$to", long.MaxValue), ("$limit", -1));
        events = 0;
        for (var after = index.tail.After; ;)
        {
            var rows = session.Query(
                SelectToIndex,
                row =>
                {
                    var received = row.GetInt64(5);
                    var expires = Later(received, longest);
                    var isRecognised = expires > now && row.IsDBNull(6);
                    return new IndexedEvent(
                        row.GetInt64(0),
                        isRecognised ? EventKeys.OfRepetition(row.TextOrNull(1), row.GetString(2), row.GetString(3)) : null,
                        row.TextOrNull(4) is { } subject ? EventKeys.OfSubject(subject) : null,
                        received,
                        expires);
                },
                ("$after", after),
                ("$limit", ReadTogether));
            foreach (var one in rows)
                index.tail.Add(one);

            events += rows.Count;
            if (index.tail.Count >= eventsPerRun)
                index.WriteTail(session);
            if (rows.Count < ReadTogether)
                return index;

            after = rows[^1].Number;
        }
    }

    private static long Place(long run, int kind, int chunk) => (((run << 1) | (uint)kind) << ChunkBits) | (uint)chunk;

    private static long RepetitionPlace(EventRun run, UInt128 key) => Place(run.Id, 0, RunChunks.OfRepetition(key, run.RepetitionChunks));

    private static long SubjectPlace(EventRun run, ulong subject) => Place(run.Id, 1, RunChunks.OfSubject(subject, run.SubjectChunks));

    private static byte[]? ReadChunk(SqliteSession session, long place) => session.First(SelectChunk, static row => row.Bytes(0), ("$place", place));

    private static bool Rewrite(SqliteSession session, long place, Func<byte[], byte[]?> change)
    {
        if (ReadChunk(session, place) is not { } chunk || change(chunk) is not { } changed)
            return false;

        session.Execute(UpdateChunk, ("$place", place), ("$entries", changed));
        return true;
    }

    private static int Delete(SqliteSession session, long from, long to, int limit) => session.Execute(DeleteChunks, ("$from", from), ("$to", to), ("$limit", limit));

    /// <summary>The runs on disk, with the one that the running transaction finished.</summary>
    private IEnumerable<EventRun> WrittenRuns() => progress is { Run: { } run } ? runs.Append(run) : runs;

    private void WriteTail(SqliteSession session)
    {
        progress = new RunInProgress(tail, NextRun);
        tail = new EventTail(tail.Last);
        session.Run("BEGIN IMMEDIATE");
        try
        {
            Write(session, int.MaxValue);
            session.Run("COMMIT");
        }
        catch
        {
            if (session.InTransaction)
                session.Run("ROLLBACK");

            throw;
        }

        Committed();
    }

    /// <summary>Writes the next chunks of the run in progress, and the run itself after its last one.</summary>
    private void Write(SqliteSession session, int chunks)
    {
        var writing = progress!;
        if (writing.Run is not null)
            return;

        var former = writing.Written;
        runChanges.Add(() => (writing.Written, writing.Run) = (former, null));
        var prepared = writing.Prepared.GetAwaiter().GetResult();
        for (; writing.Written < prepared.Chunks.Count && chunks > 0; writing.Written++)
        {
            var (place, entries) = prepared.Chunks[writing.Written];
            if (entries.Length == 0)
                continue;

            session.Execute(InsertChunk, ("$place", place), ("$entries", entries));
            chunks--;
        }

        if (writing.Written < prepared.Chunks.Count)
            return;

        writing.Run = prepared.Run;
        session.Execute(
            InsertRun,
            ("$run", prepared.Run.Id),
            ("$last_number", prepared.Run.Last),
            ("$repetition_chunks", prepared.Run.RepetitionChunks),
            ("$subject_chunks", prepared.Run.SubjectChunks),
            ("$newest_stored_at", prepared.Run.NewestStoredAt),
            ("$expires_at", prepared.Run.ExpiresAt),
            ("$filter", prepared.Run.Filter?.ToStored()));
    }

    /// <summary>Puts another in the place of a run, or none, once the running transaction is committed.</summary>
    private void Replace(EventRun run, EventRun? other) => removals.Add(() => runs = other is null
        ? [.. runs.Where(one => one.Id != run.Id)]
        : [.. runs.Select(one => one.Id == run.Id ? other : one)]);

    /// <summary>Lets go of the oldest filters when there are too many.</summary>
    private EventRun[] WithinMemory(EventRun[] all)
    {
        long bytes = 0;
        for (var i = all.Length - 1; i >= 0; i--)
        {
            bytes += all[i].Filter?.Bytes ?? 0;
            if (bytes > FilterBytes && all[i].Filter is not null)
                all[i] = all[i] with { Filter = null };
        }

        return all;
    }

    /// <summary>A tail that is becoming a run: complete, and found in memory until it is on disk.</summary>
    private sealed class RunInProgress(EventTail tail, long id)
    {
        public EventTail Tail => tail;

        /// <summary>Sorting so many entries would hold up the commits.</summary>
        public Task<PreparedRun> Prepared { get; } = Task.Run(() => PreparedRun.Of(tail, id));

        /// <summary>How many of its chunks are written.</summary>
        public int Written { get; set; }

        /// <summary>Set when all of it is written.</summary>
        public EventRun? Run { get; set; }
    }

    private sealed record PreparedRun(EventRun Run, IReadOnlyList<(long Place, byte[] Entries)> Chunks)
    {
        public static PreparedRun Of(EventTail tail, long id)
        {
            var filter = new RunFilter(tail.Repetitions.Count);
            foreach (var key in tail.Repetitions.Keys)
                filter.Add(key);

            var repetitions = RunChunks.Write(tail.Repetitions);
            var subjects = RunChunks.Write(tail.Subjects);
            var run = new EventRun
            {
                Id = id,
                Last = tail.Last,
                RepetitionChunks = repetitions.Length,
                SubjectChunks = subjects.Length,
                NewestStoredAt = tail.NewestStoredAt,
                ExpiresAt = tail.ExpiresAt,
                Filter = filter,
            };
            return new PreparedRun(
                run, [.. repetitions.Select((entries, chunk) => (Place(id, 0, chunk), entries)), .. subjects.Select((entries, chunk) => (Place(id, 1, chunk), entries))]);
        }
    }
}
