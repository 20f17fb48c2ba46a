namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteProjectRetentionStoreTests : ProjectRetentionStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
