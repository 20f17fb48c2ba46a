using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Events;

public sealed class SubscriptionRegistryTests
{
    private readonly InMemorySubscriptionStore store = new();

    [Fact]
    public async Task Match_ProjectEnvironmentAndPattern_AllMustFit()
    {
        var exact = await AddAsync("acme.order.paid");
        var byProvider = await AddAsync("acme.**", environment: "prod");
        var all = await AddAsync("**");
        await AddAsync("acme.**", environment: "dev");
        await AddAsync("acme.**", project: "other");
        await AddAsync("other.**");
        await AddAsync("**", enabled: false);
        using var registry = await LoadedAsync();

        var found = registry.Match("shop", "prod", "acme.order.paid").Select(subscription => subscription.Id);

        Assert.Equal(new[] { exact, byProvider, all }.Order(), found.Order());
    }

    [Fact]
    public async Task Match_BeforeAndAfterLoad_SeesTheSnapshot()
    {
        using var registry = await LoadedAsync();
        var id = await AddAsync("acme.*");
        Assert.Empty(registry.Match("shop", "prod", "acme.order"));
        Assert.Null(registry.Find(id));

        await registry.LoadAsync(CancellationToken.None);
        Assert.Single(registry.Match("shop", "prod", "acme.order"));
        Assert.NotNull(registry.Find(id));
    }

    [Fact]
    public async Task Load_UnreadablePattern_LeavesTheOthers()
    {
        await AddAsync("acme..broken");
        var good = await AddAsync("acme.*");
        using var registry = await LoadedAsync();
        Assert.Equal([good], registry.Match("shop", "prod", "acme.order").Select(subscription => subscription.Id));
    }

    private async Task<string> AddAsync(string pattern, string project = "shop", string? environment = null, bool enabled = true)
    {
        var (subscription, _) = SomeEvent.Subscribed("https://example.com/hooks", pattern, project, environment, enabled);
        await store.AddAsync(subscription, CancellationToken.None);
        return subscription.Id;
    }

    private async Task<SubscriptionRegistry> LoadedAsync()
    {
        var registry = new SubscriptionRegistry(store, new FakeSealer(), NullLogger<SubscriptionRegistry>.Instance);
        await registry.LoadAsync(CancellationToken.None);
        return registry;
    }
}
