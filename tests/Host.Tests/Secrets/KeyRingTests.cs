using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class KeyRingTests
{
    private readonly InMemoryDataKeyStore store = new();

    [Fact]
    public async Task Initialize_Again_KeepsTheKeys()
    {
        var first = await OpenAsync(1);
        var second = await OpenAsync(1);

        Assert.Equal(3, store.Keys.Count);
        Assert.Equal(first.Current(KeyRing.Payloads).Key.ToArray(), second.Current(KeyRing.Payloads).Key.ToArray());
        Assert.NotEqual(first.Current(KeyRing.Payloads).Key.ToArray(), first.Current(KeyRing.Audit).Key.ToArray());
        Assert.NotEqual(first.Current(KeyRing.Payloads).Key.ToArray(), first.Current(KeyRing.Fingerprints).Key.ToArray());
    }

    [Fact]
    public async Task Initialize_TwoNodesAtOnce_AgreeOnTheKeys()
    {
        var rings = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => OpenAsync(1))));

        Assert.Single(rings.Select(ring => ring.Current(KeyRing.Payloads).Id).Distinct());
    }

    [Fact]
    public async Task Initialize_AnotherMasterKey_RefusesAndNamesBoth()
    {
        await OpenAsync(1);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => OpenAsync(2));

        Assert.Contains(store.Keys[0].MasterKeyId, fault.Message, StringComparison.Ordinal);
        Assert.Contains(Master(2).Id, fault.Message, StringComparison.Ordinal);
        Assert.Contains("HUB_MASTER_KEY", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_DamagedKey_SaysThatItIsDamaged()
    {
        await OpenAsync(1);
        store.Keys[0].Wrapped[20] ^= 1;

        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => OpenAsync(1));

        Assert.Contains("damaged", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_KeyMovedToAnotherPurpose_Refuses()
    {
        await OpenAsync(1);
        store.Keys[0] = store.Keys[0] with { Purpose = KeyRing.Audit };

        await Assert.ThrowsAsync<MasterKeyException>(() => OpenAsync(1));
    }

    [Fact]
    public async Task PayloadSealer_NewKey_OldPayloadsStillOpen()
    {
        var before = new PayloadSealer(await OpenAsync(1)).Seal("old"u8, "evt_1");
        var sealer = new Sealer(Master(1));
        const string id = "00112233445566aa";
        store.Keys.Add(new DataKey(id, KeyRing.Payloads, sealer.MasterKeyId, sealer.NewWrappedKey($"data-key:{KeyRing.Payloads}:{id}"), new FakeTimeProvider().GetUtcNow()));

        var ring = await OpenAsync(1);

        Assert.Equal(id, ring.Current(KeyRing.Payloads).Id);
        Assert.Equal("old"u8.ToArray(), new PayloadSealer(ring).Open(before, "evt_1"));
    }

    private static MasterKey Master(byte seed)
    {
        var key = new byte[MasterKey.Size];
        key.AsSpan().Fill(seed);
        return MasterKey.Load(new HubOptions { MasterKey = Convert.ToBase64String(key) });
    }

    private async Task<KeyRing> OpenAsync(byte seed)
    {
        var master = Master(seed);
        var ring = new KeyRing(master, new Sealer(master), store, new FakeTimeProvider());
        await ring.InitializeAsync(CancellationToken.None);
        return ring;
    }
}
