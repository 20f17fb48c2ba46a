namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteEndedSecretStoreTests : EndedSecretStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
