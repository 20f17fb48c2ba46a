using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Storage.Sqlite.EventIndex;

/// <summary>
/// Finds events by the provider's id (is this a repetition?) and by subject. The newest events are kept in memory and can be read again from the log; whenever so many have gathered they become a
/// run on disk, a few chunks with each commit, so that no commit waits for it. What a transaction adds counts for that transaction at once, and for others from its commit on.
/// </summary>
/// <remarks>
/// Changed on the writer's thread only. <see cref="NumbersOf"/> may be called from any thread.
/// </remarks>
internal sealed partial class SqliteEventIndex : IWriterState
{
    /// <summary>How much memory filters may take. It holds the ids of 33 million events; of older runs the disk is asked.</summary>
    private const int FilterBytes = 64 * 1024 * 1024;

    private const int ChunksPerCommit = 32;
    private const int ReadTogether = 5_000;

    private readonly Lock gate = new();
    private readonly int eventsPerRun;
    private readonly List<IndexedEvent> added = [];
    private readonly Dictionary<UInt128, Repetition> addedKeys = [];
    private readonly List<Action> removals = [];
    private readonly List<Action> runChanges = [];
    private EventTail tail;
    private RunInProgress? progress;
    private EventRun[] runs;
    private long lastNumber;
    private long longestWindow;
    private bool? hasKept;

    private SqliteEventIndex(EventRun[] runs, long lastNumber, long longestWindow, int eventsPerRun)
    {
        this.runs = runs;
        this.lastNumber = lastNumber;
        this.longestWindow = longestWindow;
        this.eventsPerRun = eventsPerRun;
        tail = new EventTail(runs.Length == 0 ? 0 : runs[^1].Last);
    }

    /// <summary>The number for the next event of the running transaction. Given again only when that transaction is rolled back.</summary>
    public long NextNumber => (added.Count > 0 ? added[^1].Number : lastNumber) + 1;

    /// <summary>Whether a run is being written.</summary>
    internal bool IsWriting => progress is not null;

    /// <summary>Runs on disk.</summary>
    internal int Runs => runs.Length;

    /// <summary>Adds an event that the running transaction stored under <see cref="NextNumber"/>; repetitions of it are recognised within the window, if there is one.</summary>
    public void Add(SqliteSession session, HubEvent one, UInt128 key, ulong? subject, TimeSpan window)
    {
        var received = one.ReceivedAt.ToStored();
        var isRecognised = window > TimeSpan.Zero;
        if (isRecognised && window.Ticks > longestWindow)
        {
            var former = longestWindow;
            longestWindow = window.Ticks;
            runChanges.Add(() => longestWindow = former);
            session.Execute(UpdateLongestWindow, ("$longest", window.Ticks));
        }

        added.Add(new IndexedEvent(NextNumber, isRecognised ? key : null, subject, received, Later(received, window.Ticks)));
        if (isRecognised)
            addedKeys[key] = new Repetition(added[^1].Number, received);
    }

    /// <returns>The id of the event that this one repeats; its own when that one is gone. <see langword="null"/> when it is new.</returns>
    public string? FindFirst(SqliteSession session, HubEvent one, UInt128 key, TimeSpan window)
    {
        if (window <= TimeSpan.Zero)
            return null;

        var received = one.ReceivedAt.ToStored();
        var cutoff = window.Ticks > received ? long.MinValue : received - window.Ticks;
        if (TryFind(session, key, cutoff, out var first))
            return first.StoredAt > cutoff ? session.First(SelectIdOfNumber, static row => row.GetString(0), ("$number", first.Number)) ?? one.Id : null;

        return HasKeptIds(session)
            ? session.First(
                SelectKept,
                static row => row.GetString(0),
                ("$connection_id", one.ConnectionId), ("$project", one.Project), ("$provider_event_id", one.ProviderEventId), ("$cutoff", cutoff))
            : null;
    }

    /// <summary>The numbers of the events that may have the subject, in no order; those that have it are all among them.</summary>
    /// <returns><see langword="null"/> when there are more than <paramref name="most"/>.</returns>
    public List<long>? NumbersOf(SqliteSession reader, string subject, int most)
    {
        var hash = EventKeys.OfSubject(subject);
        var numbers = new List<long>();
        EventRun[] known;
        lock (gate)
        {
            known = runs;
            tail.CollectNumbers(hash, numbers);
            progress?.Tail.CollectNumbers(hash, numbers);
        }

        for (var i = known.Length - 1; i >= 0 && numbers.Count <= most; i--)
        {
            if (known[i].SubjectChunks > 0 && ReadChunk(reader, SubjectPlace(known[i], hash)) is { } chunk)
                RunChunks.CollectNumbers(chunk, hash, numbers);
        }

        return numbers.Count <= most ? numbers : null;
    }

    /// <summary>Forgets an event that the running transaction deletes: nothing that was made of its subject is left, and nothing of its id if so asked.</summary>
    /// <returns>Whether there was an id to forget.</returns>
    public bool Remove(SqliteSession session, HubEvent one, long number, bool withId)
    {
        // Its entries may be among those that are being written. It happens so rarely that the run is brought to its end first.
        if (progress is not null)
            Write(session, int.MaxValue);

        var forgotten = false;
        if (withId)
        {
            var key = EventKeys.OfRepetition(one.ConnectionId, one.Project, one.ProviderEventId);
            forgotten = session.Execute(
                DeleteKept, ("$connection_id", one.ConnectionId), ("$project", one.Project), ("$provider_event_id", one.ProviderEventId)) > 0;
            if (addedKeys.Remove(key) | tail.TryFind(key, out _))
            {
                forgotten = true;
                removals.Add(() => tail.RemoveRepetition(key));
            }

            foreach (var run in WrittenRuns())
            {
                if (run.RepetitionChunks > 0 && run.Filter?.MayHave(key) != false)
                    forgotten |= Rewrite(session, RepetitionPlace(run, key), chunk => RunChunks.Without(chunk, key));
            }
        }

        if (one.Subject is not { } subject)
            return forgotten;

        var entry = new SubjectEntry(EventKeys.OfSubject(subject), number);
        if (number > (WrittenRuns().LastOrDefault()?.Last ?? 0))
            removals.Add(() => tail.RemoveSubject(entry));
        else if (WrittenRuns().FirstOrDefault(run => run.Last >= number) is { SubjectChunks: > 0 } of)
            Rewrite(session, SubjectPlace(of, entry.Subject), chunk => RunChunks.Without(chunk, entry));

        return forgotten;
    }

    /// <summary>Deletes up to so many chunks of runs whose repetitions are all expired, or whose events are all gone.</summary>
    /// <returns>How many rows were deleted.</returns>
    public int Purge(SqliteSession session, long now, int limit)
    {
        var deleted = 0;
        long? firstEvent = null;
        foreach (var run in runs)
        {
            if (deleted >= limit)
                break;

            if (run.RepetitionChunks > 0 && run.ExpiresAt <= now)
            {
                deleted += Delete(session, Place(run.Id, 0, 0), Place(run.Id, 1, 0), limit - deleted);
                if (deleted >= limit)
                    break;

                session.Execute(ForgetRepetitions, ("$run", run.Id));
                Replace(run, run with { RepetitionChunks = 0, Filter = null });
            }

            // The newest run stays: it says how far the log is covered.
            firstEvent ??= session.First(SelectFirstNumber, static row => row.IsDBNull(0) ? long.MaxValue : row.GetInt64(0));
            if (run == runs[^1] || run.Last >= firstEvent || (run.RepetitionChunks > 0 && run.ExpiresAt > now))
                continue;

            deleted += Delete(session, Place(run.Id, 0, 0), Place(run.Id + 1, 0, 0), limit - deleted);
            if (deleted >= limit)
                break;

            session.Execute(DeleteRun, ("$run", run.Id));
            deleted++;
            Replace(run, null);
        }

        return deleted;
    }

    public StateMark Mark() => new(added.Count, removals.Count, runChanges.Count);

    public void UndoTo(StateMark mark)
    {
        removals.RemoveRange(mark.Removals, removals.Count - mark.Removals);
        for (var i = runChanges.Count; i > mark.Runs; i--)
            runChanges[i - 1]();

        runChanges.RemoveRange(mark.Runs, runChanges.Count - mark.Runs);
        if (added.Count == mark.Events)
            return;

        added.RemoveRange(mark.Events, added.Count - mark.Events);
        addedKeys.Clear();
        foreach (var one in added)
        {
            if (one.Key is { } key)
                addedKeys[key] = new Repetition(one.Number, one.StoredAt);
        }
    }

    public void BeforeCommit(SqliteSession session)
    {
        if (progress is { Prepared.IsCompletedSuccessfully: true })
            Write(session, ChunksPerCommit);
    }

    public void Committed()
    {
        lock (gate)
        {
            foreach (var one in added)
                tail.Add(one);

            foreach (var removal in removals)
                removal();

            if (progress is { Run: { } run })
            {
                runs = WithinMemory([.. runs, run]);
                progress = null;
            }

            if (progress is null && tail.Count >= eventsPerRun)
            {
                progress = new RunInProgress(tail, NextRun);
                tail = new EventTail(tail.Last);
            }
        }

        if (added.Count > 0)
            lastNumber = added[^1].Number;

        Clear();
    }

    public void RolledBack()
    {
        UndoTo(default);
        Clear();
    }

    private static long Later(long time, long window) => window > long.MaxValue - time ? long.MaxValue : time + window;

    private void Clear()
    {
        added.Clear();
        addedKeys.Clear();
        removals.Clear();
        runChanges.Clear();
        hasKept = null;
    }

    private bool TryFind(SqliteSession session, UInt128 key, long cutoff, out Repetition found)
    {
        if (addedKeys.TryGetValue(key, out found) || tail.TryFind(key, out found) || (progress?.Tail.TryFind(key, out found) ?? false))
            return true;

        for (var i = runs.Length - 1; i >= 0; i--)
        {
            var run = runs[i];
            if (run.RepetitionChunks > 0 && run.NewestStoredAt > cutoff && run.Filter?.MayHave(key) != false
                && ReadChunk(session, RepetitionPlace(run, key)) is { } chunk && RunChunks.TryFind(chunk, key, out found))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Asked once a transaction: what deletes an event in it leaves the event's id in memory as well.</summary>
    private bool HasKeptIds(SqliteSession session) => hasKept ??= session.Any(HasKept);
}
