using IntegrationHub.Host.Operations.Idempotency;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class IdempotencyStoreCompliance : StoreCompliance
{
    private IIdempotencyStore Requests => Storage.IdempotentRequests;

    [Fact]
    public async Task TryBeginAsync_ManyAtOnce_OneBegins()
    {
        var tries = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(async () =>
        {
            var request = Some.IdempotentRequest();
            return (request.Id, Holder: await Requests.TryBeginAsync(request, None));
        })));

        var winner = Assert.Single(tries, tried => tried.Holder is null);
        Assert.All(tries.Where(tried => tried.Holder is not null), tried => Assert.Equal(winner.Id, tried.Holder!.Id));
    }

    [Fact]
    public async Task TryBeginAsync_KeyTaken_GivesTheHolderAsItIs()
    {
        var first = Some.IdempotentRequest("schlüssel");
        Assert.Null(await Requests.TryBeginAsync(first, None));
        Assert.Equivalent(first, await Requests.TryBeginAsync(Some.IdempotentRequest("schlüssel"), None), strict: true);

        var answer = Some.Bytes(100);
        await Requests.AnswerAsync(first.Id, answer, None);

        Assert.Equivalent(first with { SealedAnswer = answer }, await Requests.TryBeginAsync(Some.IdempotentRequest("schlüssel"), None), strict: true);
        Assert.Null(await Requests.TryBeginAsync(Some.IdempotentRequest("schlüssel", "key_2"), None));
        Assert.Null(await Requests.TryBeginAsync(Some.IdempotentRequest("SCHLÜSSEL"), None));
    }

    [Fact]
    public async Task TryBeginAsync_TimeOver_IsReplaced()
    {
        var first = Some.IdempotentRequest();
        await Requests.TryBeginAsync(first, None);
        await Requests.AnswerAsync(first.Id, Some.Bytes(5), None);
        var second = Some.IdempotentRequest() with { StartedAt = first.ExpiresAt, ExpiresAt = first.ExpiresAt.AddHours(24) };

        Assert.Null(await Requests.TryBeginAsync(second, None));
        Assert.Equal(second.Id, (await Requests.TryBeginAsync(second with { Id = "idr_other" }, None))!.Id);
    }

    [Fact]
    public async Task TakeOverAsync_ManyAtOnce_OneDoes()
    {
        var request = Some.IdempotentRequest();
        await Requests.TryBeginAsync(request, None);

        var taken = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => Task.Run(() => Requests.TakeOverAsync(request, request.RunsUntil.AddMinutes(i), None))));

        Assert.Single(taken, static done => done);
    }

    [Fact]
    public async Task TakeOverAsync_Answered_IsRefused()
    {
        var request = Some.IdempotentRequest();
        await Requests.TryBeginAsync(request, None);
        await Requests.AnswerAsync(request.Id, Some.Bytes(5), None);

        Assert.False(await Requests.TakeOverAsync(request, request.RunsUntil.AddMinutes(1), None));
    }

    [Fact]
    public async Task ReleaseAsync_FreesTheKey()
    {
        var request = Some.IdempotentRequest();
        await Requests.TryBeginAsync(request, None);

        await Requests.ReleaseAsync(request.Id, None);

        Assert.Null(await Requests.TryBeginAsync(Some.IdempotentRequest(), None));
    }

    [Fact]
    public async Task AbandonAsync_EndsRunsButNotAnswers()
    {
        var running = Some.IdempotentRequest("a");
        var answered = Some.IdempotentRequest("b");
        await Requests.TryBeginAsync(running, None);
        await Requests.TryBeginAsync(answered, None);
        await Requests.AnswerAsync(answered.Id, Some.Bytes(5), None);
        var now = Some.Time();

        await Requests.AbandonAsync(now, None);

        Assert.Equal(now, (await Requests.TryBeginAsync(Some.IdempotentRequest("a"), None))!.RunsUntil);
        Assert.Equal(answered.RunsUntil, (await Requests.TryBeginAsync(Some.IdempotentRequest("b"), None))!.RunsUntil);
    }

    [Fact]
    public async Task PurgeAsync_DeletesWhatIsOver()
    {
        for (var i = 0; i < 3; i++)
            await Requests.TryBeginAsync(Some.IdempotentRequest("old" + i), None);
        var now = Some.Time().AddHours(24);
        await Requests.TryBeginAsync(Some.IdempotentRequest("new") with { ExpiresAt = now.AddTicks(1) }, None);

        Assert.Equal(2, await Requests.PurgeAsync(now, 2, None));
        Assert.Equal(1, await Requests.PurgeAsync(now, 2, None));

        Assert.NotNull(await Requests.TryBeginAsync(Some.IdempotentRequest("new"), None));
        Assert.Null(await Requests.TryBeginAsync(Some.IdempotentRequest("old0"), None));
    }
}
