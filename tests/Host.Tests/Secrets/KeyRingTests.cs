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
        Assert.Contains(SomeMasterKey.Of(2).Id, fault.Message, StringComparison.Ordinal);
        Assert.Contains("HUB_MASTER_KEY", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renew_WhileTheClockStandsStill_NewDataIsUnderTheNewKeyAlsoAfterARestart()
    {
        var ring = await OpenAsync(1);
        var sealer = new PayloadSealer(ring);
        var before = sealer.Seal("old"u8, "evt_1");
        var formerId = ring.Current(KeyRing.Payloads).Id;

        await ring.RenewAsync(CancellationToken.None);
        var after = sealer.Seal("new"u8, "evt_2");

        Assert.NotEqual(formerId, ring.Current(KeyRing.Payloads).Id);
        Assert.Equal("old"u8.ToArray(), sealer.Open(before, "evt_1"));
        var again = await OpenAsync(1);
        Assert.Equal(ring.Current(KeyRing.Payloads).Id, again.Current(KeyRing.Payloads).Id);
        Assert.Equal("new"u8.ToArray(), new PayloadSealer(again).Open(after, "evt_2"));
        Assert.Equal(5, store.Keys.Count);
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
        var sealer = new Sealer(SomeMasterKey.Ring(1));
        const string id = "00112233445566aa";
        store.Keys.Add(new DataKey(id, KeyRing.Payloads, sealer.MasterKeyId, sealer.NewWrappedKey($"data-key:{KeyRing.Payloads}:{id}"), new FakeTimeProvider().GetUtcNow().AddSeconds(1)));

        var ring = await OpenAsync(1);

        Assert.Equal(id, ring.Current(KeyRing.Payloads).Id);
        Assert.Equal("old"u8.ToArray(), new PayloadSealer(ring).Open(before, "evt_1"));
    }

    private async Task<KeyRing> OpenAsync(byte seed)
    {
        var master = SomeMasterKey.Ring(seed);
        var ring = new KeyRing(master, new Sealer(master), store, new FakeTimeProvider());
        await ring.InitializeAsync(CancellationToken.None);
        return ring;
    }
}
