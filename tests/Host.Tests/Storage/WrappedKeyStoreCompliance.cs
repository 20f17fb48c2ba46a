using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class WrappedKeyStoreCompliance : StoreCompliance
{
    private const string Old = "00000000000000aa";
    private const string New = "00000000000000bb";

    [Fact]
    public async Task ListAsync_PageByPage_GivesEveryTablesRowsOnceWithTheirContexts()
    {
        var (connections, subscription, dataKey) = await FillAsync();

        var rows = await ReadAsync(Old, 2);

        Assert.Equal(
            connections.Select(one => KeyContexts.Connection(one.Id)).Append(KeyContexts.Subscription(subscription)).Append(KeyContexts.DataKey("payloads", dataKey)).Order(StringComparer.Ordinal),
            rows.Select(row => row.Context).Order(StringComparer.Ordinal));
        Assert.Equal(5, (await Storage.WrappedKeys.CountAsync(None))[Old]);
        Assert.Empty(await ReadAsync(New, 2));
    }

    [Fact]
    public async Task ReplaceAsync_RowThatChangedMeanwhile_IsLeftAlone()
    {
        await FillAsync();
        var rows = await ReadAsync(Old, 100);
        var wrapped = Some.Bytes(69);

        Assert.Equal(5, await Storage.WrappedKeys.ReplaceAsync([.. rows.Select(row => new Rewrapping(row, wrapped, New))], None));
        Assert.Equal(0, await Storage.WrappedKeys.ReplaceAsync([.. rows.Select(row => new Rewrapping(row, Some.Bytes(69), "00000000000000cc"))], None));

        Assert.Equal(new Dictionary<string, long> { [New] = 5 }, await Storage.WrappedKeys.CountAsync(None));
        Assert.All(await ReadAsync(New, 100), row => Assert.Equal(wrapped, row.Wrapped));
    }

    [Fact]
    public async Task Update_FromACopyReadBeforeTheRewrap_KeepsTheNewWrapping()
    {
        var (connections, subscriptionId, _) = await FillAsync();
        var connection = (await Storage.Connections.GetAsync(connections[0].Id, None))!;
        var subscription = (await Storage.Subscriptions.GetAsync(subscriptionId, None))!;
        await Storage.WrappedKeys.ReplaceAsync([.. (await ReadAsync(Old, 100)).Select(row => new Rewrapping(row, Some.Bytes(69), New))], None);

        Assert.Equal(ConnectionUpdate.Done, await Storage.Connections.UpdateAsync(connection with { Alias = "changed", Version = 2 }, None));
        Assert.True(await Storage.Subscriptions.UpdateAsync(subscription with { Description = "changed", Version = 2 }, None));

        Assert.Equal(new Dictionary<string, long> { [New] = 5 }, await Storage.WrappedKeys.CountAsync(None));
        Assert.Equal("changed", (await Storage.Connections.GetAsync(connection.Id, None))!.Alias);
        Assert.NotEqual(connection.WrappedKey, (await Storage.Connections.GetAsync(connection.Id, None))!.WrappedKey);
        Assert.Equal("changed", (await Storage.Subscriptions.GetAsync(subscriptionId, None))!.Description);
    }

    [Fact]
    public async Task TryRetireAsync_WhileARowNamesIt_Refuses()
    {
        await FillAsync();

        Assert.False(await Storage.WrappedKeys.TryRetireAsync(Old, None));
        await Storage.Connections.TryAddAsync(Some.Connection("later") with { MasterKeyId = Old }, None);
    }

    [Fact]
    public async Task TryRetireAsync_Done_RefusesRowsUnderItUntilItIsRevived()
    {
        Assert.True(await Storage.WrappedKeys.TryRetireAsync(Old, None));
        Assert.True(await Storage.WrappedKeys.TryRetireAsync(Old, None));

        await Assert.ThrowsAsync<StorageException>(() => Storage.Connections.TryAddAsync(Some.Connection() with { MasterKeyId = Old }, None));
        await Assert.ThrowsAsync<StorageException>(() => Storage.Subscriptions.AddAsync(Some.Subscription() with { MasterKeyId = Old }, None));
        await Assert.ThrowsAsync<StorageException>(() => Storage.DataKeys.AddAsync(Key("dek_1", Old), None));
        Assert.True(await Storage.Connections.TryAddAsync(Some.Connection() with { MasterKeyId = New }, None));

        await Storage.WrappedKeys.ReviveAsync(Old, None);
        Assert.True(await Storage.Connections.TryAddAsync(Some.Connection("revived") with { MasterKeyId = Old }, None));
    }

    [Fact]
    public async Task TryRetireAsync_WhileManyAdd_NoRowIsLeftUnderIt()
    {
        var adding = Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            try
            {
                return await Storage.Connections.TryAddAsync(Some.Connection("a" + i) with { MasterKeyId = Old }, None);
            }
            catch (StorageException)
            {
                return false;
            }
        })).ToList();

        // As the worker does: when somebody wrote meanwhile, wrap that anew and try again.
        while (!await Storage.WrappedKeys.TryRetireAsync(Old, None))
            await Storage.WrappedKeys.ReplaceAsync([.. (await ReadAsync(Old, 100)).Select(row => new Rewrapping(row, Some.Bytes(69), New))], None);

        await Task.WhenAll(adding);
        Assert.False((await Storage.WrappedKeys.CountAsync(None)).ContainsKey(Old));
    }

    private async Task<(Connection[] Connections, string Subscription, string DataKey)> FillAsync()
    {
        var connections = Enumerable.Range(0, 3).Select(i => Some.Connection("a" + i) with { MasterKeyId = Old }).ToArray();
        foreach (var connection in connections)
            await Storage.Connections.TryAddAsync(connection, None);

        var subscription = Some.Subscription() with { MasterKeyId = Old };
        await Storage.Subscriptions.AddAsync(subscription, None);
        await Storage.DataKeys.AddAsync(Key("dek_0", Old), None);
        return (connections, subscription.Id, "dek_0");
    }

    private static DataKey Key(string id, string masterKeyId) => new(id, "payloads", masterKeyId, Some.Bytes(69), Some.Time());

    private async Task<List<WrappedKeyRow>> ReadAsync(string key, int limit)
    {
        var all = new List<WrappedKeyRow>();
        while (await Storage.WrappedKeys.ListAsync(key, all.LastOrDefault(), limit, None) is { Count: > 0 } page)
            all.AddRange(page);

        return all;
    }
}
