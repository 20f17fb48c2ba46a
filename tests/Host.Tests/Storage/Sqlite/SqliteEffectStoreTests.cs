namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteEffectStoreTests : EffectStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
