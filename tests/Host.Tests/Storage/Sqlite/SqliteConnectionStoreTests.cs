namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteConnectionStoreTests : ConnectionStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
