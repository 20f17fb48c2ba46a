namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqlitePluginStateStoreTests : PluginStateStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
