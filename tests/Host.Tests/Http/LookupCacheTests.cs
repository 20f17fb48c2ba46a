using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Http;

public sealed class LookupCacheTests
{
    private readonly LookupCache<string> cache = new(new FakeTimeProvider(), TimeSpan.FromSeconds(30), capacity: 8);

    [Fact]
    public async Task Get_ForgottenWhileLoading_IsNotRemembered()
    {
        var loading = new TaskCompletionSource<string?>();
        var get = cache.GetAsync("k", (_, _) => loading.Task, CancellationToken.None);
        cache.Forget("k");
        loading.SetResult("stale");

        Assert.Equal("stale", await get);
        Assert.False(cache.TryGet("k", out _));
    }

    [Fact]
    public async Task Get_MoreThanFits_StaysWithinBounds()
    {
        for (var i = 0; i < 100; i++)
            await cache.GetAsync($"k{i}", (key, _) => Task.FromResult<string?>(key), CancellationToken.None);

        Assert.InRange(Enumerable.Range(0, 100).Count(i => cache.TryGet($"k{i}", out _)), 1, 8);
        Assert.True(cache.TryGet("k99", out _));
    }

    [Fact]
    public async Task Get_NothingFound_IsAskedAgain()
    {
        Assert.Null(await cache.GetAsync("k", (_, _) => Task.FromResult<string?>(null), CancellationToken.None));
        Assert.Equal("v", await cache.GetAsync("k", (_, _) => Task.FromResult<string?>("v"), CancellationToken.None));
    }
}
