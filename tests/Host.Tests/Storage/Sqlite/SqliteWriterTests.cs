using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Storage;
using IntegrationHub.Host.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteWriterTests : IAsyncLifetime
{
    private readonly string folder = SqliteHarness.NewFolder();
    private readonly CommitGate gate = new();
    private readonly SqliteOptions options = new() { QueueCapacity = 300, MaxGroupItems = 256, CheckpointPages = 50, MaxLogPages = 200 };
    private SqliteStorage storage = null!;
    private SqliteEventStore events = null!;

    private static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        storage = await SqliteHarness.OpenAsync(folder, options, gate.Pass);
        events = new SqliteEventStore(storage);
    }

    public async Task DisposeAsync()
    {
        gate.Open();
        await storage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task WriteAsync_ManyGatheredWhileOneCommits_ShareOneCommit()
    {
        var first = await HoldAsync();
        var before = storage.Commits;
        var rest = Enumerable.Range(0, 200).Select(_ => events.AppendAsync(Some.Append(Some.Event()), None)).ToList();

        gate.Open();

        await first;
        await Task.WhenAll(rest);
        Assert.Equal(before + 2, storage.Commits);
    }

    [Fact]
    public async Task WriteAsync_MoreThanOneGroupTakes_AreSplit()
    {
        var first = await HoldAsync();
        var before = storage.Commits;
        var big = Enumerable.Range(0, 5).Select(_ => events.AppendAsync(Some.Append(Some.Event() with { SealedData = new byte[3 * 1024 * 1024] }), None)).ToList();

        gate.Open();

        await first;
        await Task.WhenAll(big);
        Assert.Equal(before + 1 + 3, storage.Commits); // 8 MB hold two of 3 MB
    }

    [Fact]
    public async Task WriteAsync_OneOfAGroupFailsAfterAChange_OthersAreStored()
    {
        var existing = Some.Event();
        await events.AppendAsync(Some.Append(existing), None);
        var first = await HoldAsync();
        var fine = Enumerable.Range(0, 20).Select(static _ => Some.Event()).ToList();
        var halfway = Some.Event();

        var running = fine.Take(10).Select(one => events.AppendAsync(Some.Append(one), None)).ToList();
        var failing = events.AppendAsync(Some.Append(halfway, Some.Event() with { Id = existing.Id }), None);
        running.AddRange(fine.Skip(10).Select(one => events.AppendAsync(Some.Append(one), None)));
        gate.Open();

        await first;
        var exception = await Assert.ThrowsAsync<StorageException>(() => failing);
        Assert.Equal(raw.SQLITE_CONSTRAINT, Assert.IsType<SqliteException>(exception.InnerException).SqliteErrorCode);
        await Task.WhenAll(running);
        foreach (var one in fine)
            Assert.NotNull(await events.GetAsync(one.Id, None));

        Assert.Null(await events.GetAsync(halfway.Id, None));
    }

    [Fact]
    public async Task WriteAsync_OneOfAGroupFailsBeforeAnyChange_CostsNoSecondRun()
    {
        var runs = 0;
        var first = await HoldAsync();
        var counted = storage.WriteAsync(_ => ++runs, None);
        var failing = storage.WriteAsync<int>(static _ => throw new InvalidOperationException("no"), None);

        gate.Open();

        await first;
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        Assert.Equal(1, await counted);
    }

    [Fact]
    public async Task WriteAsync_CommitFails_TellsEveryCallerAndGoesOn()
    {
        var first = await HoldAsync();
        var lost = Enumerable.Range(0, 30).Select(static i => Some.Event("p_" + i)).ToList();
        gate.Fault = new IOException("No space left on device");
        var running = lost.Select(one => events.AppendAsync(Some.Append(one), None)).ToList();
        gate.Open();

        await Assert.ThrowsAsync<StorageException>(() => first);
        foreach (var task in running)
            Assert.Contains("No space left", (await Assert.ThrowsAsync<StorageException>(() => task)).Message, StringComparison.Ordinal);

        gate.Fault = null;
        foreach (var one in lost)
            Assert.Null(await events.GetAsync(one.Id, None));

        // The callers send again, and nothing of the failed commit makes these repetitions.
        var again = await Task.WhenAll(lost.Select(one => events.AppendAsync(Some.Append(one), None)));
        Assert.All(again, static result => Assert.Single(result.Stored));
        Assert.True(await storage.IsHealthyAsync(None));
    }

    [Fact]
    public async Task WriteAsync_DiskFull_TellsEveryCallerAndRecovers()
    {
        var used = await storage.ReadAsync(static session => session.First("PRAGMA page_count", static row => row.GetInt64(0)), None);
        await storage.WriteAsync(session => session.First($"PRAGMA max_page_count = {used + 40}", static row => row.GetInt64(0)), None);
        var small = Some.Event();
        var first = await HoldAsync();

        var running = Enumerable.Range(0, 4).Select(_ => events.AppendAsync(Some.Append(Some.Event() with { SealedData = new byte[100_000] }), None)).ToList();
        running.Insert(0, events.AppendAsync(Some.Append(small), None));
        gate.Open();

        await first;
        foreach (var task in running)
            Assert.Contains("is full", (await Assert.ThrowsAsync<StorageException>(() => task)).Message, StringComparison.Ordinal);

        Assert.Null(await events.GetAsync(small.Id, None));
        await storage.WriteAsync(static session => session.First("PRAGMA max_page_count = 1073741823", static row => row.GetInt64(0)), None);
        Assert.Single((await events.AppendAsync(Some.Append(small), None)).Stored);
    }

    [Fact]
    public async Task IsHealthyAsync_CommitsFail_IsFalse()
    {
        Assert.True(await storage.IsHealthyAsync(None));
        gate.Fault = new IOException("No space left on device");

        Assert.False(await storage.IsHealthyAsync(None));
    }

    [Fact]
    public async Task AppendAsync_QueueFull_IsBusyWhileOtherWritesWait()
    {
        var first = await HoldAsync();
        var queued = Enumerable.Range(0, options.QueueCapacity).Select(_ => events.AppendAsync(Some.Append(Some.Event()), None)).ToList();

        await Assert.ThrowsAsync<StoreBusyException>(() => events.AppendAsync(Some.Append(Some.Event()), None));
        var waiting = new SqliteConnectionStore(storage).TryAddAsync(Some.Connection(), None);
        using var impatient = new CancellationTokenSource();
        var givenUp = new SqliteConnectionStore(storage).TryAddAsync(Some.Connection("other"), impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        Assert.False(waiting.IsCompleted);
        gate.Open();

        await first;
        await Task.WhenAll(queued);
        Assert.True(await waiting);
        Assert.Single((await events.AppendAsync(Some.Append(Some.Event()), None)).Stored);
    }

    [Fact]
    public async Task WriteAsync_CancelledWhileQueued_IsNotStored()
    {
        var first = await HoldAsync();
        using var cancel = new CancellationTokenSource();
        var one = Some.Event();
        var cancelled = events.AppendAsync(Some.Append(one), cancel.Token);
        await cancel.CancelAsync();
        gate.Open();

        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Null(await events.GetAsync(one.Id, None));
    }

    [Fact]
    public async Task DisposeAsync_WithQueuedWrites_CommitsThemAndRefusesLaterOnes()
    {
        var first = await HoldAsync();
        var accepted = Enumerable.Range(0, 50).Select(static _ => Some.Event()).ToList();
        var running = accepted.Select(one => events.AppendAsync(Some.Append(one), None)).ToList();

        var closing = storage.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<StorageException>(() => events.AppendAsync(Some.Append(Some.Event()), None));
        gate.Open();

        await first;
        await Task.WhenAll(running);
        await closing;
        await Assert.ThrowsAsync<StorageException>(() => events.GetAsync(accepted[0].Id, None));
        await using var reopened = await SqliteHarness.OpenAsync(folder);
        Assert.Equal(51, (await new SqliteEventStore(reopened).ListAsync(new EventQuery(), new PageRequest(200), None)).Items.Count);
    }

    [Fact]
    public async Task AppendAsync_Acknowledged_IsInACopyTakenWithoutClosing()
    {
        var acknowledged = new List<string>();
        for (var i = 0; i < 40; i++)
            acknowledged.AddRange((await events.AppendAsync(Some.Append(Some.Event()), None)).Stored);

        // What is on the disk while one more write is under way is what a crash at this moment leaves.
        var unfinished = await HoldAsync();
        var copy = SqliteHarness.NewFolder();
        foreach (var file in Directory.GetFiles(folder, SqliteStorage.FileName + "*").Where(static file => !file.EndsWith("-shm", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));

        gate.Open();
        await unfinished;
        await using (var reopened = await SqliteHarness.OpenAsync(copy))
        {
            var read = await new SqliteEventStore(reopened).ListAsync(new EventQuery(), new PageRequest(200), None);
            Assert.Equal(acknowledged.Order(), read.Items.Select(static one => one.Id).Order());
            Assert.Equal("ok", await reopened.ReadAsync(static session => session.First("PRAGMA integrity_check", static row => row.GetString(0)), None));
        }

        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task AppendAsync_WithoutPause_KeepsTheLogSmallAndTheDatabaseWhole()
    {
        // 100 callers, each with the next append ready: the writer never rests.
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++)
                await events.AppendAsync(Some.Append(Some.Event() with { SealedData = new byte[3000] }), None);
        })));

        var log = new FileInfo(Path.Combine(folder, SqliteStorage.FileName + "-wal")).Length;
        Assert.True(storage.Checkpointer.Completed > 0);
        Assert.True(log < 4 * 1024 * 1024, $"The log has {log} bytes.");
        Assert.Equal("ok", await storage.ReadAsync(static session => session.First("PRAGMA integrity_check", static row => row.GetString(0)), None));
        Assert.Equal(3000, await storage.ReadAsync(static session => session.First("SELECT COUNT(*) FROM events", static row => row.GetInt64(0)), None));
    }

    [Fact]
    public async Task ReadAsync_WhileAWriteIsUnfinished_SeesWhatWasCommittedAndDoesNotWait()
    {
        var seen = Some.Event();
        await events.AppendAsync(Some.Append(seen), None);
        var unfinished = await HoldAsync();

        Assert.Equal([seen.Id], (await events.ListAsync(new EventQuery(), new PageRequest(), None)).Items.Select(static one => one.Id));

        gate.Open();
        await unfinished;
    }

    [Fact]
    public async Task ReadAsync_CancelledWhileItRuns_IsInterrupted()
    {
        const string endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.ReadAsync(
            session => session.Query(endless, row =>
            {
                cancel.Cancel();
                return row.GetInt64(0);
            }),
            cancel.Token));
        Assert.Empty((await events.ListAsync(new EventQuery(), new PageRequest(), None)).Items);
    }

    /// <summary>Closes the gate and begins a write that waits there.</summary>
    private async Task<Task<AppendResult>> HoldAsync()
    {
        gate.Close();
        var held = events.AppendAsync(Some.Append(Some.Event()), None);
        await gate.Reached;
        return held;
    }
}
