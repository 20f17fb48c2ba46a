using IntegrationHub.Host.Storage;
using IntegrationHub.Host.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

/// <summary>Whether the storage says that it is well while the disk is full.</summary>
public sealed class DiskFullTests : IDisposable
{
    private readonly string folder = SqliteHarness.NewFolder();

    /// <summary>The row by which the storage asks itself still fits; what callers bring does not.</summary>
    [Fact]
    public async Task IsHealthy_AWriteDidNotFit_IsFalseUntilThereIsRoom()
    {
        var full = false;
        await using var storage = await SqliteHarness.OpenAsync(folder, beforeCommit: () =>
        {
            if (full)
                throw new SqliteException("database or disk is full", raw.SQLITE_FULL);
        });
        Assert.True(await storage.IsHealthyAsync(CancellationToken.None));

        // The place where room is sought is taken by a folder: nothing fits there, whatever this machine's disk has.
        Directory.CreateDirectory(Path.Combine(folder, "hub.space"));
        Assert.True(await storage.IsHealthyAsync(CancellationToken.None));
        full = true;
        await Assert.ThrowsAsync<StorageException>(() => storage.WriteAsync(static session => session.Execute("UPDATE health SET checked_at = 0"), CancellationToken.None));
        full = false;

        Assert.False(await storage.IsHealthyAsync(CancellationToken.None));
        Assert.False(await storage.IsHealthyAsync(CancellationToken.None));

        Directory.Delete(Path.Combine(folder, "hub.space"));
        Assert.True(await storage.IsHealthyAsync(CancellationToken.None));
        Assert.False(File.Exists(Path.Combine(folder, "hub.space")));
    }

    [Fact]
    public async Task IsHealthy_AWriteFailedForOtherReasons_SaysNothingOfTheDisk()
    {
        await using var storage = await SqliteHarness.OpenAsync(folder);
        Directory.CreateDirectory(Path.Combine(folder, "hub.space"));

        await Assert.ThrowsAsync<StorageException>(() => storage.WriteAsync(static session => session.Execute("INSERT INTO health (id, checked_at) VALUES (2, 0)"), CancellationToken.None));

        Assert.True(await storage.IsHealthyAsync(CancellationToken.None));
    }

    [Fact]
    public void Fits_MoreThanAnyDiskHas_DoesNotAndLeavesNothingBehind()
    {
        Assert.True(DiskSpace.Fits(folder, 1024 * 1024));
        Assert.False(DiskSpace.Fits(folder, 1L << 60));
        Assert.Empty(Directory.GetFiles(folder));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
