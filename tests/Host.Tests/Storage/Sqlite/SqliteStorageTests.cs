using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage;
using IntegrationHub.Host.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteStorageTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string folder = SqliteHarness.NewFolder();

    private static CancellationToken None => CancellationToken.None;

    private string DatabaseFile => Path.Combine(folder, SqliteStorage.FileName);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task OpenAsync_AgainAndAgain_KeepsWhatIsStored()
    {
        var connection = Some.Connection();
        await using (var storage = await SqliteHarness.OpenAsync(folder))
            Assert.True(await new SqliteConnectionStore(storage).TryAddAsync(connection, None));

        for (var i = 0; i < 2; i++)
        {
            await using var storage = await SqliteHarness.OpenAsync(folder);
            Assert.NotNull(await new SqliteConnectionStore(storage).GetAsync(connection.Id, None));
            Assert.Equal(SqliteMigration.All.Count, await storage.ReadAsync(static session => session.First("SELECT COUNT(*) FROM schema_migrations", static row => row.GetInt32(0)), None));
        }
    }

    [Fact]
    public async Task OpenAsync_NewFolder_IsForItsOwnerOnly()
    {
        var nested = Path.Combine(folder, "a", "data");
        await using var storage = await SqliteHarness.OpenAsync(nested);
        await new SqliteConnectionStore(storage).TryAddAsync(Some.Connection(), None);

        if (OperatingSystem.IsWindows())
            return;

        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(nested));
        Assert.Equal(4, Directory.GetFiles(nested).Length); // the database, its log, the log's index, the lock
        foreach (var file in Directory.GetFiles(nested))
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task OpenAsync_FolderInUse_IsRefusedUntilItIsFree()
    {
        await using (await SqliteHarness.OpenAsync(folder))
        {
            var exception = await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(folder).OpenAsync(None));
            Assert.Contains("in use by another hub", exception.Message, StringComparison.Ordinal);
            Assert.Contains("--data", exception.Message, StringComparison.Ordinal);
        }

        await using var next = await SqliteHarness.OpenAsync(folder);
        Assert.True(await next.IsHealthyAsync(None));
    }

    [Fact]
    public async Task OpenAsync_DatabaseOfANewerHub_IsRefusedAndUntouched()
    {
        await ChangeAsync("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (99, 'later', 'x', 0)");

        var exception = await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(folder).OpenAsync(None));

        Assert.Contains("version 99", exception.Message, StringComparison.Ordinal);
        Assert.Contains("newer", exception.Message, StringComparison.Ordinal);
        await ChangeAsync("DELETE FROM schema_migrations WHERE version = 99");
        await using var storage = await SqliteHarness.OpenAsync(folder);
        Assert.True(await storage.IsHealthyAsync(None));
    }

    [Fact]
    public async Task OpenAsync_MigrationWasAnother_IsRefused()
    {
        await ChangeAsync("UPDATE schema_migrations SET checksum = 'other' WHERE version = 1");

        var exception = await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(folder).OpenAsync(None));

        Assert.Contains("schema step 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_StepFails_IsUndoneWholeAndTheOthersStay()
    {
        await ChangeAsync("SELECT 1");
        using var session = SqliteSession.Open(DatabaseFile, SqliteOpenMode.ReadWrite, 1024);
        SqliteMigration good = new(98, "good", "CREATE TABLE good (id INTEGER);");
        SqliteMigration bad = new(99, "bad", "CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1);");

        Assert.Throws<SqliteException>(() => SqliteMigrator.Migrate(session, DatabaseFile, [.. SqliteMigration.All, good, bad], TimeProvider.System));

        Assert.Equal([.. SqliteMigration.All.Select(step => step.Version), 98], session.Query("SELECT version FROM schema_migrations ORDER BY version", static row => row.GetInt32(0)));
        Assert.Equal(["good"], session.Query("SELECT name FROM sqlite_master WHERE name IN ('good', 'half')", static row => row.GetString(0)));

        // Mended, it goes on where it stopped.
        SqliteMigrator.Migrate(session, DatabaseFile, [.. SqliteMigration.All, good, bad with { Script = "CREATE TABLE half (id INTEGER);" }], TimeProvider.System);
        Assert.Equal([.. SqliteMigration.All.Select(step => step.Version), 98, 99], session.Query("SELECT version FROM schema_migrations ORDER BY version", static row => row.GetInt32(0)));
    }

    [Fact]
    public async Task OpenAsync_FileIsNoDatabase_SaysSo()
    {
        await File.WriteAllTextAsync(DatabaseFile, string.Concat(Enumerable.Repeat("This is no database. ", 1000)));

        var exception = await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(folder).OpenAsync(None));

        Assert.Contains("is no database", exception.Message, StringComparison.Ordinal);
        Assert.Contains(DatabaseFile, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_DatabaseDamaged_SaysSo()
    {
        await ChangeAsync("SELECT 1");
        await using (var file = new FileStream(DatabaseFile, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = 100;
            await file.WriteAsync(Some.Bytes(4096 * 3));
        }

        var exception = await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(folder).OpenAsync(None));

        Assert.Contains("damaged", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_FolderIsAFile_SaysSoAndLeavesNoLock()
    {
        var file = Path.Combine(folder, "file");
        await File.WriteAllTextAsync(file, "");

        var exception = await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(file).OpenAsync(None));
        var within = await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(Path.Combine(file, "data")).OpenAsync(None));

        Assert.Contains($"The data folder {file} is a file.", exception.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be made", within.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_DatabaseIsAFolder_SaysSoAndLetsGoOfTheLock()
    {
        Directory.CreateDirectory(DatabaseFile);
        await Assert.ThrowsAsync<StorageException>(() => SqliteHarness.New(folder).OpenAsync(None));
        Directory.Delete(DatabaseFile);

        await using var storage = await SqliteHarness.OpenAsync(folder);
        Assert.True(await storage.IsHealthyAsync(None));
    }

    [Fact]
    public async Task IsHealthyAsync_NotOpen_IsFalse()
    {
        await using var storage = SqliteHarness.New(folder);

        Assert.False(await storage.IsHealthyAsync(None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => new SqliteConnectionStore(storage).GetAsync("conn_1", None));
    }

    [Fact]
    public async Task DisposeAsync_Always_LeavesOneWholeFileAndNoLog()
    {
        await using (var storage = await SqliteHarness.OpenAsync(folder))
            await new SqliteEventStore(storage).AppendAsync(Some.Append(Some.Event()), None);

        Assert.Equal([SqliteStorage.FileName, SqliteStorage.LockName], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task OpenAsync_Always_CommitsAreSyncedToTheDisk()
    {
        await using var storage = await SqliteHarness.OpenAsync(folder);

        var (mode, synchronous) = await storage.WriteAsync(
            static session => (session.First("PRAGMA journal_mode", static row => row.GetString(0)), session.First("PRAGMA synchronous", static row => row.GetInt32(0))), None);

        Assert.Equal(("wal", 2), (mode, synchronous));
    }

    [Theory]
    [InlineData("UPDATE audit SET actor = 'someone'")]
    [InlineData("DELETE FROM audit")]
    [InlineData("INSERT OR REPLACE INTO audit SELECT * FROM audit")]
    public async Task Audit_ChangedBehindTheStore_IsRefused(string sql)
    {
        await using var storage = await SqliteHarness.OpenAsync(folder);
        var audit = new SqliteAuditStore(storage);
        await audit.AppendAsync([Some.Audit()], static (_, _, _) => new byte[32], None);

        await Assert.ThrowsAsync<StorageException>(() => storage.WriteAsync(session => session.Execute(sql), None));

        Assert.Equal("key_1", Assert.Single((await audit.ListAsync(new AuditQuery(), new PageRequest(), None)).Items).Entry.Actor);
    }

    [Fact]
    public async Task ReadAsync_Writing_IsRefused()
    {
        await using var storage = await SqliteHarness.OpenAsync(folder);

        await Assert.ThrowsAsync<StorageException>(() => storage.ReadAsync(static session => session.Execute("DELETE FROM connections"), None));
    }

    [Fact]
    public void EnsureLoaded_Always_IsNewEnough() => Assert.True(Version.Parse(SqliteLibrary.EnsureLoaded()) >= new Version(3, 35));

    [Fact]
    public async Task AddSqliteStorage_WithADataFolder_ServesEveryPortFromIt()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Hub:Data"] = folder }).Build());
        services.AddOptions<HubOptions>().BindConfiguration(HubOptions.Section);
        services.AddSqliteStorage();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<IHubStorage>().OpenAsync(None);

        Assert.True(File.Exists(DatabaseFile));
        Assert.Empty((await provider.GetRequiredService<IApiKeyStore>().ListAsync(null, new PageRequest(), None)).Items);
        Assert.Empty((await provider.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery(), new PageRequest(), None)).Items);
        Assert.Empty(await provider.GetRequiredService<IDataKeyStore>().ListAsync(None));
        Assert.Empty((await provider.GetRequiredService<IConnectionStore>().ListAsync(new ConnectionQuery(), new PageRequest(), None)).Items);
        Assert.Empty((await provider.GetRequiredService<IEventStore>().ListAsync(new EventQuery(), new PageRequest(), None)).Items);
        Assert.Empty((await provider.GetRequiredService<ISubscriptionStore>().ListAsync(null, null, new PageRequest(), None)).Items);
        Assert.Empty((await provider.GetRequiredService<IDeliveryStore>().ListAsync(new DeliveryQuery(), new PageRequest(), None)).Items);
        Assert.Empty(await provider.GetRequiredService<IPluginStateStore>().ListAsync(None));
        Assert.Empty((await provider.GetRequiredService<IUsageStore>().ListAsync(new UsageQuery(), new PageRequest(), None)).Items);
    }

    /// <summary>Changes the database of a hub that is stopped.</summary>
    private async Task ChangeAsync(string sql)
    {
        if (!File.Exists(DatabaseFile))
            await (await SqliteHarness.OpenAsync(folder)).DisposeAsync();

        using var session = SqliteSession.Open(DatabaseFile, SqliteOpenMode.ReadWrite, 1024);
        session.Run(sql);
    }
}
