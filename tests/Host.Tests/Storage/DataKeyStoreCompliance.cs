using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class DataKeyStoreCompliance : StoreCompliance
{
    [Fact]
    public async Task GetOrAddAsync_ManyAtOnce_AgreeOnOne()
    {
        var keys = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => Storage.DataKeys.GetOrAddAsync(Key($"dek_{i:00}", "payloads"), None))));

        Assert.Single(keys.Select(static key => key.Id).Distinct());
        Assert.Equivalent(keys[0], Assert.Single(await Storage.DataKeys.ListAsync(None)), strict: true);
    }

    [Fact]
    public async Task GetOrAddAsync_OtherPurpose_HasItsOwn()
    {
        var payloads = await Storage.DataKeys.GetOrAddAsync(Key("dek_1", "payloads"), None);
        var audit = await Storage.DataKeys.GetOrAddAsync(Key("dek_2", "audit"), None);
        var again = await Storage.DataKeys.GetOrAddAsync(Key("dek_3", "payloads"), None);

        Assert.Equal("dek_2", audit.Id);
        Assert.Equivalent(payloads, again, strict: true);
        Assert.Equal(["dek_1", "dek_2"], (await Storage.DataKeys.ListAsync(None)).Select(static key => key.Id));
    }

    private static DataKey Key(string id, string purpose) => new(id, purpose, "0123456789abcdef", Some.Bytes(61), Some.Time());
}
