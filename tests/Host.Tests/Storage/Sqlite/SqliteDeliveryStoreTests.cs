using IntegrationHub.Host.Events;
using IntegrationHub.Host.Storage.Sqlite;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class SqliteDeliveryStoreTests : DeliveryStoreCompliance
{
    [Fact]
    public void NotYet_AsStored_IsWhatTheTriggersCompareWith() =>
        Assert.Contains($"next_attempt_at = {Delivery.NotYet.ToStored()} ", SqliteDeliveryStore.Schema8, StringComparison.Ordinal);

    /// <summary>Looks at the plans, since a plan that walks the queue is right on small tables and ruinous on large ones.</summary>
    [Fact]
    public async Task Plans_OfTheQueue_GoThroughTheIndexesOfWhatIsPending()
    {
        var storage = (SqliteStorage)Storage.Engine;
        var lease = await PlanAsync(storage, SqliteDeliveryStore.LeaseDue.Split("WHERE number IN (", 2)[1].Split("RETURNING", 2)[0].Trim()[..^1], ("$subscription_id", "s"), ("$now", 1L), ("$max", 5L));
        var before = await PlanAsync(storage, SqliteDeliveryStore.SelectBefore, ("$subscription_id", "s"), ("$order_key", "k"));

        Assert.Contains(lease, static step => step.Contains("USING INDEX deliveries_waiting (subscription_id=? AND next_attempt_at<?)", StringComparison.Ordinal));
        Assert.DoesNotContain(lease, static step => step.StartsWith("SCAN deliveries", StringComparison.Ordinal) || step.Contains("TEMP B-TREE", StringComparison.Ordinal));
        Assert.Contains(before, static step => step.Contains("deliveries_ordered (subscription_id=? AND order_key=?)", StringComparison.Ordinal));
    }

    private static Task<List<string>> PlanAsync(SqliteStorage storage, string sql, params (string Name, object? Value)[] arguments) =>
        storage.ReadAsync(session => session.Query("EXPLAIN QUERY PLAN " + sql, static row => row.GetString(3), arguments), CancellationToken.None);

    private protected override Task<StorageHarness> OpenAsync() => SqliteHarness.NewHarnessAsync();
}
