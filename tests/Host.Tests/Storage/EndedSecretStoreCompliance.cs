using IntegrationHub.Host.Connections;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class EndedSecretStoreCompliance : StoreCompliance
{
    [Fact]
    public async Task PurgeAsync_DeletesWhatHasEnded_AndNothingElse()
    {
        var now = Some.Time().AddDays(1);
        var (over, still) = (now, now.AddTicks(1));
        var connection = Some.Connection() with { RetiredSecrets = [new("a", Some.Bytes(40), still), new("a", Some.Bytes(40), over), new("b", Some.Bytes(40), over)] };
        var other = Some.Connection("other") with { RetiredSecrets = [new("a", Some.Bytes(40), still)] };
        await Storage.Connections.TryAddAsync(connection, None);
        await Storage.Connections.TryAddAsync(other, None);
        var ended = Some.Subscription() with { SealedPreviousSecret = Some.Bytes(40), PreviousSecretValidUntil = over };
        var kept = Some.Subscription() with { SealedPreviousSecret = Some.Bytes(40), PreviousSecretValidUntil = still };
        await Storage.Subscriptions.AddAsync(ended, None);
        await Storage.Subscriptions.AddAsync(kept, None);
        var key = Some.ApiKey();
        await Storage.ApiKeys.AddAsync(key, None);
        await Storage.ApiKeys.RotateAsync(key with { Hash = Some.Bytes(32), PreviousHash = key.Hash, PreviousValidUntil = over, RotatedAt = over }, key.Hash, None);

        Assert.Equal(3, await Storage.EndedSecrets.PurgeAsync(now, 100, None));
        Assert.Equal(0, await Storage.EndedSecrets.PurgeAsync(now, 100, None));

        var read = (await Storage.Connections.GetAsync(connection.Id, None))!;
        Assert.Equivalent(new[] { connection.RetiredSecrets[0] }, read.RetiredSecrets, strict: true);
        Assert.Equivalent(connection.Secrets, read.Secrets, strict: true);
        Assert.Single((await Storage.Connections.GetAsync(other.Id, None))!.RetiredSecrets);
        var cleared = (await Storage.Subscriptions.GetAsync(ended.Id, None))!;
        Assert.Equal((null, null), (cleared.SealedPreviousSecret, cleared.PreviousSecretValidUntil));
        Assert.Equal(ended.SealedSecret, cleared.SealedSecret);
        Assert.Equal(kept.SealedPreviousSecret, (await Storage.Subscriptions.GetAsync(kept.Id, None))!.SealedPreviousSecret);
        Assert.Null(await Storage.ApiKeys.FindByHashAsync(key.Hash, None));
        Assert.Null((await Storage.ApiKeys.GetAsync(key.Id, None))!.PreviousHash);
    }

    [Fact]
    public async Task PurgeAsync_InBatches_ComesToAnEnd()
    {
        for (var i = 0; i < 5; i++)
            await Storage.Connections.TryAddAsync(Some.Connection("a" + i) with { RetiredSecrets = [new RetiredSecret("a", Some.Bytes(4), Some.Time())] }, None);

        var now = Some.Time();
        var rounds = new List<int>();
        while (await Storage.EndedSecrets.PurgeAsync(now, 2, None) is > 0 and var purged)
            rounds.Add(purged);

        Assert.Equal([2, 2, 1], rounds);
    }
}
