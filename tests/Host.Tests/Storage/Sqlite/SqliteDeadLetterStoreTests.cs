namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteDeadLetterStoreTests : DeadLetterStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
