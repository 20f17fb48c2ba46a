namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteRetentionStoreTests : RetentionStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
