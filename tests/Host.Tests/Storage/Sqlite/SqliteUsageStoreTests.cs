namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteUsageStoreTests : UsageStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
