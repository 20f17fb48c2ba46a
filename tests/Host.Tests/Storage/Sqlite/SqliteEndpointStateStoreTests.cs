namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteEndpointStateStoreTests : EndpointStateStoreCompliance
{
    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
