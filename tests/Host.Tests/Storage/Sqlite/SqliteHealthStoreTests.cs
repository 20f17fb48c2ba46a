namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteHealthStoreTests : HealthStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
