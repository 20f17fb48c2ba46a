namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteIdempotencyStoreTests : IdempotencyStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
