namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteWrappedKeyStoreTests : WrappedKeyStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
