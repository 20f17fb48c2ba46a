namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteJobStoreTests : JobStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
