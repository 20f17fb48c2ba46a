using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Privacy;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Storage.Sqlite.EventIndex;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Tests.Storage.Sqlite.EventIndex;

public sealed class SqliteEventIndexTests : IDisposable
{
    private const int EventsPerRun = 8;

    private readonly string folder = SqliteHarness.NewFolder();

    private static CancellationToken None => CancellationToken.None;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Against a model that remembers everything: any order of new events, repetitions, lapsed windows, failed commits, purges and restarts.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Append_AnyOrderOfThings_RecognisesExactlyTheRepetitions(int seed)
    {
        var random = new Random(seed);
        var window = TimeSpan.FromHours(24);
        var now = TimeProvider.System.GetUtcNow();
        var known = new Dictionary<(string?, string), (string Id, DateTimeOffset At)>();
        var subjects = new Dictionary<string, HashSet<string>>();
        var fails = 0;
        SqliteStorage? storage = null;
        try
        {
            for (var step = 0; step < 400; step++)
            {
                if (storage is null || random.Next(40) == 0)
                {
                    if (storage is not null)
                        await storage.DisposeAsync();

                    storage = await SqliteHarness.OpenAsync(
                        folder,
                        new SqliteOptions { EventsPerRun = EventsPerRun },
                        beforeCommit: () =>
                        {
                            if (Interlocked.Decrement(ref fails) == 0)
                                throw new SqliteException("No room.", 13);
                        });
                }

                var store = new SqliteEventStore(storage);
                now += random.Next(6) == 0 ? TimeSpan.FromHours(5) : TimeSpan.FromSeconds(1);
                if (random.Next(15) == 0)
                    await store.PurgeExpiredAsync(now, 100, None);

                var events = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Event(random, now)).ToList();
                var willFail = random.Next(12) == 0;
                Volatile.Write(ref fails, willFail ? 1 : 0);
                var append = new EventAppend { Events = [.. events.Select(static one => new NewEvent(one, []))], DedupeWindow = window };
                if (willFail)
                {
                    await Assert.ThrowsAnyAsync<Exception>(() => store.AppendAsync(append, None));
                    continue;
                }

                var result = await store.AppendAsync(append, None);

                var stored = new List<string>();
                var duplicates = new List<string>();
                foreach (var one in events)
                {
                    if (known.TryGetValue((one.ConnectionId, one.ProviderEventId), out var first) && first.At > now - window)
                    {
                        duplicates.Add(first.Id);
                        continue;
                    }

                    known[(one.ConnectionId, one.ProviderEventId)] = (one.Id, now);
                    stored.Add(one.Id);
                    if (one.Subject is { } subject)
                        (subjects.TryGetValue(subject, out var ids) ? ids : subjects[subject] = []).Add(one.Id);
                }

                Assert.Equal(stored, result.Stored);
                Assert.Equal(duplicates, result.Duplicates);
            }

            Assert.True(storage!.EventIndex.Runs > 3);
            foreach (var (subject, ids) in subjects)
                Assert.Equal(ids, (await ListAsync(storage, subject)).ToHashSet());
        }
        finally
        {
            await storage!.DisposeAsync();
        }
    }

    [Fact]
    public async Task Open_ADatabaseOfBefore_FindsItsEvents()
    {
        var file = Path.Combine(folder, SqliteStorage.FileName);
        SqliteLibrary.EnsureLoaded();
        await File.WriteAllBytesAsync(file, [], None);
        var received = TimeProvider.System.GetUtcNow().AddHours(-1);
        using (var session = SqliteSession.Open(file, SqliteOpenMode.ReadWrite, 1024))
        {
            SqliteMigrator.Migrate(session, file, [.. SqliteMigration.All.Where(step => step.Version <= 12)], TimeProvider.System);
            for (var i = 1; i <= 20; i++)
            {
                session.Run($"""
                    INSERT INTO events (id, connection_id, provider, project, environment, type, subject, provider_event_id, time, received_at, correlation_id)
                    VALUES ('evt_{i}', 'conn_1', 'acme', 'shop', 'dev', 'acme.paid', 'order_{i % 3}', 'p_{i}', 1, {received.ToStored() + i}, 'c');
                    INSERT INTO event_data SELECT MAX(number), x'00' FROM events;
                    INSERT INTO event_repetitions (scope, provider_event_id, event_id, stored_at, expires_at)
                    VALUES ('conn_1', 'p_{i}', 'evt_{i}', {received.ToStored() + i}, {received.AddHours(24).ToStored() + i});
                    """);
            }

            // Repeated, but its event was deleted long ago.
            session.Run($"INSERT INTO event_repetitions (scope, provider_event_id, event_id, stored_at, expires_at) VALUES ('conn_1', 'p_gone', 'evt_gone', {received.ToStored()}, {received.AddHours(24).ToStored()})");
        }

        for (var round = 0; round < 2; round++)
        {
            await using var storage = await SqliteHarness.OpenAsync(folder, new SqliteOptions { EventsPerRun = EventsPerRun });
            var result = await new SqliteEventStore(storage).AppendAsync(Some.Append([.. New("p_1"), .. New("p_20"), .. New("p_gone")]), None);

            Assert.Equal(["evt_1", "evt_20", "evt_gone"], result.Duplicates);
            Assert.Equal(["evt_19", "evt_16", "evt_13", "evt_10", "evt_7", "evt_4", "evt_1"], await ListAsync(storage, "order_1"));
            Assert.True(storage.EventIndex.Runs > 0);
        }

        static HubEvent[] New(string id) => [Some.Event(id) with { ReceivedAt = TimeProvider.System.GetUtcNow() }];
    }

    // Of the ones deleted, some are in a run and some are not; the index of the latter is made of the log, where they are missing after a restart.
    [Fact]
    public async Task Append_FirstWasDeleted_IsARepetitionAfterARestartToo()
    {
        var now = TimeProvider.System.GetUtcNow();
        var events = Enumerable.Range(0, EventsPerRun + 2).Select(i => Some.Event("p_" + i) with { ReceivedAt = now }).ToList();
        await using (var storage = await SqliteHarness.OpenAsync(folder, new SqliteOptions { EventsPerRun = EventsPerRun }))
        {
            await AppendEachAsync(storage, events);
            await storage.WriteAsync(static session => session.Execute("DELETE FROM events"), None);
            Assert.Equal(1, storage.EventIndex.Runs);
        }

        await using var again = await SqliteHarness.OpenAsync(folder, new SqliteOptions { EventsPerRun = EventsPerRun });
        foreach (var one in events)
        {
            var result = await new SqliteEventStore(again).AppendAsync(Some.Append(Some.Event(one.ProviderEventId) with { ReceivedAt = now.AddMinutes(1) }), None);
            Assert.Single(result.Duplicates);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Erase_EventsInARunAndNot_LeavesNothingToFindThemBy(bool idNamesThePerson)
    {
        var now = TimeProvider.System.GetUtcNow();
        var name = "layla@" + "example.com";
        var theirs = Enumerable.Range(0, 11).Select(i => Some.Event(idNamesThePerson ? $"{name}/{i}" : "p_" + i) with { Subject = name, ReceivedAt = now }).ToList();
        var others = Enumerable.Range(0, 11).Select(i => Some.Event("q_" + i) with { Subject = "omar", ReceivedAt = now }).ToList();
        await using var storage = await SqliteHarness.OpenAsync(folder, new SqliteOptions { EventsPerRun = EventsPerRun });
        await AppendEachAsync(storage, theirs.Zip(others, static (one, other) => new[] { one, other }).SelectMany(static pair => pair));
        Assert.Equal(2, storage.EventIndex.Runs);
        var erasures = new SqliteErasureStore(storage);
        var erasure = NewErasure();
        await erasures.AddAsync(erasure, None);

        var found = await erasures.ListAsync(ErasurePhase.Subjects, "shop", name, "", 100, None);
        Assert.Equal(theirs.Select(static one => one.Id), found.Select(static one => one.Id));
        var after = await erasures.EraseAsync(erasure, new PersonQuery { Subject = name }, [.. found.Select(static one => one.Id)], erasure, None);

        Assert.Equal((11, idNamesThePerson ? 11 : 0), (after.Counts.Events, after.Counts.Repetitions));
        Assert.Empty((await storage.ReadAsync(session => storage.EventIndex.NumbersOf(session, name, 100), None))!);
        Assert.Equal(11, (await ListAsync(storage, "omar")).Count);
        var result = await new SqliteEventStore(storage).AppendAsync(Some.Append([.. theirs.Select(one => Some.Event(one.ProviderEventId) with { ReceivedAt = now.AddMinutes(1) })]), None);
        Assert.Equal(idNamesThePerson ? 11 : 0, result.Stored.Count);
    }

    [Fact]
    public async Task Purge_EventsGoneAndWindowsOver_DeletesAllRunsButTheNewest()
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var storage = await SqliteHarness.OpenAsync(folder, new SqliteOptions { EventsPerRun = EventsPerRun });
        var store = new SqliteEventStore(storage);
        var events = Enumerable.Range(0, 5 * EventsPerRun).Select(i => Some.Event("p_" + i) with { Subject = "s_" + (i % 5), ReceivedAt = now }).ToList();
        await AppendEachAsync(storage, events);
        var runs = storage.EventIndex.Runs;
        Assert.True(runs >= 4);

        await PurgeAsync(now.AddHours(25));
        Assert.Equal(runs, storage.EventIndex.Runs);
        Assert.Equal(8, (await ListAsync(storage, "s_1")).Count);
        Assert.Equal(0, await CountAsync("SELECT COUNT(*) FROM event_runs WHERE filter IS NOT NULL"));

        await storage.WriteAsync(static session => session.Execute("DELETE FROM events"), None);
        await PurgeAsync(now.AddHours(25));
        Assert.Equal(1, storage.EventIndex.Runs);
        Assert.Equal(1, await CountAsync("SELECT COUNT(*) FROM event_runs"));
        Assert.Equal(EventsPerRun * 5, (await new SqliteEventStore(storage).LastAsync(None)));

        async Task PurgeAsync(DateTimeOffset at)
        {
            while (await store.PurgeExpiredAsync(at, 3, None) is var deleted and > 0)
                Assert.True(deleted <= 3);
        }

        Task<long> CountAsync(string sql) => storage.ReadAsync(session => session.First(sql, static row => row.GetInt64(0)), None);
    }

    [Fact]
    public async Task NumbersOf_MoreThanAsked_IsNotAnswered()
    {
        await using var storage = await SqliteHarness.OpenAsync(folder, new SqliteOptions { EventsPerRun = EventsPerRun });
        await AppendEachAsync(storage, Enumerable.Range(0, 30).Select(static i => Some.Event("p_" + i) with { Subject = "s" }));

        Assert.Null(await storage.ReadAsync(session => storage.EventIndex.NumbersOf(session, "s", 29), None));
        Assert.Equal(Enumerable.Range(1, 30).Select(static i => (long)i), (await storage.ReadAsync(session => storage.EventIndex.NumbersOf(session, "s", 30), None))!.Order());
    }

    private static Erasure NewErasure() => new()
    {
        Id = "era_1",
        Project = "shop",
        SubjectHash = [1],
        Reason = "Asked for.",
        State = ErasureState.Running,
        Phase = ErasurePhase.Subjects,
        Actor = "key_1",
        CorrelationId = "corr-1",
        CreatedAt = TimeProvider.System.GetUtcNow(),
    };

    private static HubEvent Event(Random random, DateTimeOffset now) => Some.Event("p_" + random.Next(120), "conn_" + random.Next(2)) with
    {
        ReceivedAt = now,
        Subject = random.Next(3) == 0 ? null : "subject_" + random.Next(10),
    };

    private static async Task AppendEachAsync(SqliteStorage storage, IEnumerable<HubEvent> events)
    {
        var store = new SqliteEventStore(storage);
        foreach (var one in events)
        {
            Assert.Single((await store.AppendAsync(Some.Append(one), None)).Stored);

            // It goes on with each commit.
            while (storage.EventIndex.IsWriting)
                await storage.IsHealthyAsync(None);
        }
    }

    private static async Task<List<string>> ListAsync(SqliteStorage storage, string subject)
    {
        var ids = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await new SqliteEventStore(storage).ListAsync(new EventQuery { Subject = subject }, new PageRequest { Limit = 3, Cursor = cursor }, None);
            ids.AddRange(page.Items.Select(static one => one.Id));
            if ((cursor = page.NextCursor) is null)
                return ids;
        }
    }
}
