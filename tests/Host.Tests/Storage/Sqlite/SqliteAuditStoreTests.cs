namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteAuditStoreTests : AuditStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
