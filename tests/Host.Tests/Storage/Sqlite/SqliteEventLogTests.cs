using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Storage.Sqlite;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteEventLogTests : EventLogCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();

    /// <summary>SQLite by itself gives the number of the newest row again once that row is deleted; who had read up to it would never see the next event.</summary>
    [Fact]
    public async Task Numbers_OfDeletedEvents_AreNotGivenAgain()
    {
        var storage = (SqliteStorage)Storage.Engine;
        await Storage.Events.AppendAsync(Some.Append(Some.Event(), Some.Event(), Some.Event()), None);
        var last = await Storage.EventLog.LastAsync(None);
        await storage.WriteAsync(static session => session.Execute("DELETE FROM events WHERE number >= 2"), None);

        Assert.Equal(last, await Storage.EventLog.LastAsync(None));
        var next = Some.Event();
        await Storage.Events.AppendAsync(Some.Append(next), None);

        var slice = await Storage.EventLog.ReadAsync(last, 10, EventLogFilter.All, None);
        Assert.Equal(next.Id, Assert.Single(slice.Events).Event.Id);
        Assert.Equal(last + 1, slice.UpTo);

        await storage.WriteAsync(static session => session.Execute("DELETE FROM events"), None);
        await Storage.Events.AppendAsync(Some.Append(Some.Event()), None);
        Assert.Single((await Storage.EventLog.ReadAsync(slice.UpTo, 10, EventLogFilter.All, None)).Events);
    }
}
