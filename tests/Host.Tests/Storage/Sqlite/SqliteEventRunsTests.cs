using IntegrationHub.Host.Storage.Sqlite;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

/// <summary>The same with runs of three events, so that every test goes through them.</summary>
public sealed class SqliteEventRunsTests : EventStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync(new SqliteOptions { EventsPerRun = 3 });
}
