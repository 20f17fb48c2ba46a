using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Storage;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Hosting;

public sealed class HubHealthTests : IHubStorage
{
    private readonly FakeTimeProvider time = new();
    private readonly HubHealth health;
    private TaskCompletionSource<bool> answer = new();
    private int asked;

    public HubHealthTests() => health = new HubHealth(this, time);

    [Fact]
    public async Task IsReady_BeforeStartAndWhileStopping_IsFalseWithoutAsking()
    {
        Assert.False(await health.IsReadyAsync(CancellationToken.None));
        health.MarkStarted();
        health.MarkStopping();

        Assert.False(await health.IsReadyAsync(CancellationToken.None));
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task IsReady_AskedByMany_AsksTheStorageOnceASecond()
    {
        health.MarkStarted();
        var first = Enumerable.Range(0, 50).Select(_ => health.IsReadyAsync(CancellationToken.None)).ToList();
        answer.SetResult(true);

        Assert.All(await Task.WhenAll(first), Assert.True);
        Assert.True(await health.IsReadyAsync(CancellationToken.None));
        Assert.Equal(1, asked);

        answer = new TaskCompletionSource<bool>();
        answer.SetResult(false);
        time.Advance(HubHealth.AnswerTime);
        Assert.False(await health.IsReadyAsync(CancellationToken.None));
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task IsReady_CallerGivesUp_LeavesTheAnswerToOthers()
    {
        health.MarkStarted();
        using var impatient = new CancellationTokenSource();
        var first = health.IsReadyAsync(impatient.Token);
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = health.IsReadyAsync(CancellationToken.None);
        answer.SetResult(true);
        Assert.True(await second);
        Assert.Equal(1, asked);
    }

    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;

    Task IHubStorage.OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task<bool> IHubStorage.IsHealthyAsync(CancellationToken cancellationToken)
    {
        asked++;
        return answer.Task;
    }
}
