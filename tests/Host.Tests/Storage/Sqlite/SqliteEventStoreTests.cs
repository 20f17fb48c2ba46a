namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteEventStoreTests : EventStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
