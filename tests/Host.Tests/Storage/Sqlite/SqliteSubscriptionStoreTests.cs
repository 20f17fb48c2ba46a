namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteSubscriptionStoreTests : SubscriptionStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
