namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteTokenStoreTests : TokenStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
