using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class EffectStoreCompliance : StoreCompliance
{
    private IEffectStore Effects => Storage.Effects;

    [Fact]
    public async Task GetAsync_EveryField_IsReadBack()
    {
        var effect = Some.Effect() with { IdempotencyKey = "idem-é", JobId = "job_1", RequestId = "idr_1" };
        await Effects.AddAsync(effect, None);
        Assert.Equivalent(effect, await Effects.GetAsync(effect.Id, None), strict: true);

        var completed = effect with
        {
            Verdict = EffectVerdict.Unknown, Reason = "لم يصل جواب", CompletedAt = Some.Time(), Attempts = [Some.Attempt(1, "timeout", null, true), Some.Attempt(2, "unavailable", 502, true)],
        };
        await Effects.CompleteAsync(completed, None);

        Assert.Equivalent(completed, await Effects.GetAsync(effect.Id, None), strict: true);
        Assert.Null(await Effects.GetAsync("eff_none", None));
    }

    [Fact]
    public async Task CompleteAsync_NotPending_ChangesNothing()
    {
        var effect = await AddAsync(EffectVerdict.Succeeded);

        await Effects.CompleteAsync(effect with { Verdict = EffectVerdict.Failed, CompletedAt = Some.Time() }, None);

        Assert.Equal(EffectVerdict.Succeeded, (await Effects.GetAsync(effect.Id, None))!.Verdict);
    }

    [Fact]
    public async Task SettleAsync_Unknown_OnceOnly()
    {
        var effect = await AddAsync(EffectVerdict.Unknown);
        var settlement = new EffectSettlement(EffectVerdict.Failed, "key_2", Some.Time(), "not in the dashboard");

        var settled = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => Effects.SettleAsync(effect.Id, settlement, None))));

        Assert.Single(settled, static done => done);
        var read = await Effects.GetAsync(effect.Id, None);
        Assert.Equal(EffectVerdict.Failed, read!.Verdict);
        Assert.Equal(settlement, read.Settlement);
    }

    [Theory]
    [InlineData(EffectVerdict.Pending)]
    [InlineData(EffectVerdict.Succeeded)]
    [InlineData(EffectVerdict.Failed)]
    public async Task SettleAsync_NotUnknown_IsRefused(object verdict)
    {
        var effect = await AddAsync((EffectVerdict)verdict);

        Assert.False(await Effects.SettleAsync(effect.Id, new EffectSettlement(EffectVerdict.Failed, "key_2", Some.Time(), null), None));
        Assert.Null((await Effects.GetAsync(effect.Id, None))!.Settlement);
    }

    [Fact]
    public async Task AbandonAsync_PendingFromBefore_BecomesUnknown()
    {
        var before = await AddAsync(EffectVerdict.Pending);
        var done = await AddAsync(EffectVerdict.Succeeded);
        var now = Some.Time();
        var after = await AddAsync(EffectVerdict.Pending);

        var told = Assert.Single(await Effects.AbandonAsync(now, now, "gone", None));

        var abandoned = await Effects.GetAsync(before.Id, None);
        Assert.Equal((before.Id, EffectVerdict.Unknown, "gone", now), (told.Id, told.Verdict, told.Reason, told.CompletedAt));
        Assert.Equal((EffectVerdict.Unknown, "gone", now), (abandoned!.Verdict, abandoned.Reason, abandoned.CompletedAt));
        Assert.Equal(EffectVerdict.Succeeded, (await Effects.GetAsync(done.Id, None))!.Verdict);
        Assert.Equal(EffectVerdict.Pending, (await Effects.GetAsync(after.Id, None))!.Verdict);
    }

    [Fact]
    public async Task ListAsync_Filters_GiveWhatFits()
    {
        var other = Some.Effect("conn_2", "blog") with { Provider = "twilio", Operation = "sendSms", JobId = "job_9", RequestId = "idr_9" };
        await Effects.AddAsync(other, None);
        var from = Some.Time();
        var mine = await AddAsync(EffectVerdict.Unknown);
        var to = Some.Time();
        await AddAsync(EffectVerdict.Succeeded);

        Assert.Equal([mine.Id], await IdsAsync(new() { Verdict = EffectVerdict.Unknown }));
        Assert.Equal([other.Id], await IdsAsync(new() { Verdict = EffectVerdict.Pending }));
        Assert.Equal([other.Id], await IdsAsync(new() { ConnectionId = "conn_2" }));
        Assert.Equal([other.Id], await IdsAsync(new() { Provider = "twilio" }));
        Assert.Equal([other.Id], await IdsAsync(new() { Operation = "sendSms" }));
        Assert.Equal([other.Id], await IdsAsync(new() { JobId = "job_9" }));
        Assert.Equal([other.Id], await IdsAsync(new() { RequestId = "idr_9" }));
        Assert.Equal([mine.Id], await IdsAsync(new() { From = from, To = to }));
        Assert.Equal([other.Id], await IdsAsync(new() { VisibleProjects = new HashSet<string> { "blog" } }));
        Assert.Empty(await IdsAsync(new() { VisibleProjects = new HashSet<string>() }));
    }

    [Fact]
    public async Task ListAsync_Pages_GiveEachOnceNewestFirst()
    {
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
            ids.Insert(0, (await AddAsync(EffectVerdict.Succeeded)).Id);

        Assert.Equal(ids, (await ReadAllAsync(page => Effects.ListAsync(new(), page, None), 3)).Select(effect => effect.Id));
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Effects.ListAsync(new(), page, None), cursor);

    [Fact]
    public async Task PurgeAsync_OldAndKnown_AreDeletedInBatches()
    {
        for (var i = 0; i < 3; i++)
            await AddAsync(EffectVerdict.Succeeded);
        var unknown = await AddAsync(EffectVerdict.Unknown);
        var pending = await AddAsync(EffectVerdict.Pending);
        var end = Some.Time();
        var recent = await AddAsync(EffectVerdict.Failed);

        Assert.Equal(2, await Effects.PurgeAsync(end, 2, None));
        Assert.Equal(1, await Effects.PurgeAsync(end, 2, None));

        Assert.Equal([recent.Id, pending.Id, unknown.Id], await IdsAsync(new()));
    }

    private async Task<Effect> AddAsync(EffectVerdict verdict)
    {
        var effect = Some.Effect();
        await Effects.AddAsync(effect, None);
        if (verdict == EffectVerdict.Pending)
            return effect;

        var completed = effect with { Verdict = verdict, CompletedAt = effect.StartedAt, Attempts = [Some.Attempt()] };
        await Effects.CompleteAsync(completed, None);
        return completed;
    }

    private async Task<IEnumerable<string>> IdsAsync(EffectQuery query) => (await Effects.ListAsync(query, new PageRequest(), None)).Items.Select(effect => effect.Id);
}
