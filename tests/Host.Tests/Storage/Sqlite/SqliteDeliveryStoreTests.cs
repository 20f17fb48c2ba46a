namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteDeliveryStoreTests : DeliveryStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
