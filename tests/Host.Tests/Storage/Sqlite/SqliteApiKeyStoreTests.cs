namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteApiKeyStoreTests : ApiKeyStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
