using IntegrationHub.Host.Encryption;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Storage;
using IntegrationHub.Host.Tests.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Encryption;

/// <summary>Over the real database: the steps of a rotation, one by one, and what happens when one of them does not come to its end.</summary>
public sealed class RewrapWorkerTests : IAsyncLifetime
{
    private const int Count = 25;

    private readonly string folder = Directory.CreateTempSubdirectory("hub-rewrap-").FullName;
    private readonly FakeTimeProvider time = new();
    private readonly RecordingAuditTrail audit = new();
    private readonly EncryptionOptions options = new() { RewrapBatch = 4, RewrapPause = TimeSpan.Zero };
    private readonly Listener listener = new();
    private StorageHarness storage = null!;

    private KeyFileSource Source => new(folder);

    private static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync() => storage = await SqliteHarness.NewHarnessAsync();

    [Fact]
    public async Task Step_AfterARotation_RewrapsRetiresAndForgets()
    {
        var ring = await FillAsync();
        var former = ring.Current;
        var copies = await storage.WrappedKeys.ListAsync(former.Id, null, 100, None);
        ring.Promote(await Source.MakeAsync(None));
        var worker = Worker(ring);
        worker.Wake("req_1");

        Assert.Equal(options.RetireAfter, await worker.StepAsync(None));

        Assert.Equal(new Dictionary<string, long> { [ring.Current.Id] = Count }, await storage.WrappedKeys.CountAsync(None));
        Assert.Equal(RewrapState.Settling, worker.Progress.State);
        Assert.Equal(Count, worker.Progress.Rewrapped);
        Assert.Equal(1, listener.Reloads);
        Assert.Equal(2, (await Source.LoadAsync(None)).Count);

        time.Advance(options.RetireAfter);
        Assert.Equal(options.ForgetAfter, await worker.StepAsync(None));
        Assert.Equal(RewrapState.Idle, worker.Progress.State);
        Assert.Equal(ring.Current.Id, Assert.Single(await Source.LoadAsync(None)).Id);

        // Whoever still has a copy from before can open it, and no row can come to be under the old key.
        Assert.All(copies, copy => new Sealer(ring).Unwrap(copy.Wrapped, copy.Context));
        await Assert.ThrowsAsync<Host.Storage.StorageException>(() => storage.Connections.TryAddAsync(Some.Connection("late") with { MasterKeyId = former.Id }, None));

        time.Advance(options.ForgetAfter);
        Assert.Null(await worker.StepAsync(None));
        Assert.True(former.IsForgotten);
        Assert.Equal([ring.Current.Id], ring.All.Select(key => key.Id));
        Assert.Equal(["encryption.rewrap_started", "encryption.rewrapped", "encryption.master_key_retired"], audit.Entries.Select(entry => entry.Action));
        Assert.All(audit.Entries, entry => Assert.Equal("req_1", entry.CorrelationId));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public async Task Step_BrokenOffAfterSomeBatches_TheNextStartGoesOn(int batches)
    {
        var ring = await FillAsync();
        ring.Promote(await Source.MakeAsync(None));
        var broken = new BreaksAfter(storage.WrappedKeys, batches);
        await Assert.ThrowsAsync<IOException>(() => Worker(ring, broken).StepAsync(None));

        var restarted = await RestartAsync();
        await AllOpenAsync(restarted);
        var worker = Worker(restarted);
        await worker.StepAsync(None);

        Assert.Equal([restarted.Current.Id], (await storage.WrappedKeys.CountAsync(None)).Keys);
        Assert.Equal(ring.Current.Id, restarted.Current.Id);
        await AllOpenAsync(new MasterKeyRing((await Source.LoadAsync(None))[0]));
    }

    [Fact]
    public async Task Step_EndedBetweenStorageAndFile_TheNextStartRemovesTheKey()
    {
        var ring = await FillAsync();
        ring.Promote(await Source.MakeAsync(None));
        await Worker(ring).StepAsync(None);
        Assert.True(await storage.WrappedKeys.TryRetireAsync(ring.FormerIds[0], None));

        var restarted = await RestartAsync();
        var worker = Worker(restarted);
        await worker.StepAsync(None);
        time.Advance(options.RetireAfter);
        await worker.StepAsync(None);

        Assert.Single(await Source.LoadAsync(None));
    }

    [Fact]
    public async Task Step_RowUnderTheFormerKeyCameMeanwhile_IsRewrappedBeforeTheKeyGoes()
    {
        var ring = await FillAsync();
        var late = await ConnectionAsync(new Sealer(ring), "late", add: false);
        ring.Promote(await Source.MakeAsync(None));
        var worker = Worker(ring);
        await worker.StepAsync(None);
        await storage.Connections.TryAddAsync(late, None);
        time.Advance(options.RetireAfter);

        await worker.StepAsync(None);

        Assert.Equal(2, (await Source.LoadAsync(None)).Count);
        Assert.Equal(Count + 1, (await storage.WrappedKeys.CountAsync(None))[ring.Current.Id]);
        time.Advance(options.RetireAfter);
        await worker.StepAsync(None);
        Assert.Single(await Source.LoadAsync(None));
        await AllOpenAsync(await RestartAsync());
    }

    [Fact]
    public async Task Step_DamagedRow_KeepsTheFormerKeyUntilTheRowIsGone()
    {
        var ring = await FillAsync();
        var former = ring.Current.Id;
        var damaged = Some.Connection("damaged") with { MasterKeyId = former };
        await storage.Connections.TryAddAsync(damaged, None);
        ring.Promote(await Source.MakeAsync(None));
        var worker = Worker(ring);

        Assert.Equal(options.RetryAfter, await worker.StepAsync(None));
        Assert.Equal(RewrapState.Stuck, worker.Progress.State);
        Assert.Equal([$"connection {damaged.Id}"], worker.Progress.Unreadable);
        Assert.Equal(1, (await storage.WrappedKeys.CountAsync(None))[former]);
        Assert.Equal(Count, (await storage.WrappedKeys.CountAsync(None))[ring.Current.Id]);

        // It is tried again every minute, perhaps for weeks: the audit is told once.
        Assert.Equal(options.RetryAfter, await worker.StepAsync(None));
        Assert.Equal(options.RetryAfter, await worker.StepAsync(None));
        Assert.Equal(["encryption.rewrap_started", "encryption.rewrapped"], audit.Entries.Select(entry => entry.Action));

        await storage.Connections.DeleteAsync(damaged.Id, None);
        await worker.StepAsync(None);
        time.Advance(options.RetireAfter);
        await worker.StepAsync(None);
        Assert.Single(await Source.LoadAsync(None));
    }

    [Fact]
    public async Task Step_StorageFailsInTheMiddle_TheNextTryBeginsNoOtherRotationInTheAudit()
    {
        var ring = await FillAsync();
        ring.Promote(await Source.MakeAsync(None));
        var worker = Worker(ring, new FailsOnce(storage.WrappedKeys, 2));

        await Assert.ThrowsAsync<IOException>(() => worker.StepAsync(None));
        await worker.StepAsync(None);

        Assert.Equal(["encryption.rewrap_started", "encryption.rewrapped"], audit.Entries.Select(entry => entry.Action));
    }

    [Fact]
    public async Task Step_FormerKeyFromTheSettings_IsRewrappedAndLeftToTheOperator()
    {
        var ring = await FillAsync();
        var source = new SettingKeySource(SomeMasterKey.Text(9));
        var moved = new MasterKeyRing((await source.LoadAsync(None))[0], ring.All);
        var worker = Worker(moved, source: source);

        await worker.StepAsync(None);
        time.Advance(options.RetireAfter);
        await worker.StepAsync(None);

        await AllOpenAsync(new MasterKeyRing(SomeMasterKey.Of(9)));
        Assert.Equal(0, audit.Entries.Single(entry => entry.Action == "encryption.master_key_retired").Details.GetProperty("removed").GetArrayLength());
    }

    public async Task DisposeAsync()
    {
        await storage.CleanUp();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Rows under the first key of the file.</summary>
    private async Task<MasterKeyRing> FillAsync()
    {
        var ring = new MasterKeyRing(await Source.MakeAsync(None));
        var sealer = new Sealer(ring);
        for (var i = 0; i < Count; i++)
            await ConnectionAsync(sealer, "a" + i, add: true);

        return ring;
    }

    private async Task<Host.Connections.Connection> ConnectionAsync(Sealer sealer, string alias, bool add)
    {
        var connection = Some.Connection(alias);
        var wrapped = sealer.NewWrappedKey(KeyContexts.Connection(connection.Id));
        connection = connection with { WrappedKey = wrapped, MasterKeyId = sealer.MasterKeyIdOf(wrapped) };
        if (add)
            await storage.Connections.TryAddAsync(connection, None);

        return connection;
    }

    /// <summary>What a process that starts has: the keys of the file.</summary>
    private async Task<MasterKeyRing> RestartAsync()
    {
        var keys = await Source.LoadAsync(None);
        return new MasterKeyRing(keys[0], keys.Skip(1));
    }

    private async Task AllOpenAsync(MasterKeyRing ring)
    {
        var sealer = new Sealer(ring);
        foreach (var id in (await storage.WrappedKeys.CountAsync(None)).Keys)
            Assert.All(await storage.WrappedKeys.ListAsync(id, null, 1000, None), row => Assert.Equal(32, sealer.Unwrap(row.Wrapped, row.Context).Length));
    }

    private RewrapWorker Worker(MasterKeyRing ring, IWrappedKeyStore? rows = null, IMasterKeySource? source = null) =>
        new(ring, source ?? Source, new Sealer(ring), rows ?? storage.WrappedKeys, [listener], audit, Options.Create(options), time, NullLogger<RewrapWorker>.Instance);

    private sealed class Listener : IRewrapListener
    {
        public int Reloads { get; private set; }

        public Task ReloadAsync(CancellationToken cancellationToken)
        {
            Reloads++;
            return Task.CompletedTask;
        }
    }

    /// <summary>Ends like a process that dies: after some batches nothing more is written.</summary>
    private class BreaksAfter(IWrappedKeyStore inner, int batches) : IWrappedKeyStore
    {
        private int written;

        protected virtual bool Works(int batch) => batch < batches;

        public Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken) => inner.CountAsync(cancellationToken);

        public Task<IReadOnlyList<WrappedKeyRow>> ListAsync(string masterKeyId, WrappedKeyRow? after, int limit, CancellationToken cancellationToken) =>
            inner.ListAsync(masterKeyId, after, limit, cancellationToken);

        public Task<int> ReplaceAsync(IReadOnlyList<Rewrapping> rows, CancellationToken cancellationToken) =>
            Works(written++) ? inner.ReplaceAsync(rows, cancellationToken) : throw new IOException("gone");

        public Task<bool> TryRetireAsync(string masterKeyId, CancellationToken cancellationToken) => inner.TryRetireAsync(masterKeyId, cancellationToken);

        public Task ReviveAsync(string masterKeyId, CancellationToken cancellationToken) => inner.ReviveAsync(masterKeyId, cancellationToken);
    }

    /// <summary>One batch cannot be written; the storage works before and after.</summary>
    private sealed class FailsOnce(IWrappedKeyStore inner, int at) : BreaksAfter(inner, at)
    {
        private readonly int at = at;

        protected override bool Works(int batch) => batch != at;
    }
}
