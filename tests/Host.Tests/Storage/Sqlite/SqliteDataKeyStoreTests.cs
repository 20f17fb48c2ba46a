namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteDataKeyStoreTests : DataKeyStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
