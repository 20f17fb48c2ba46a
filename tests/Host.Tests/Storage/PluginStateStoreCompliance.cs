using IntegrationHub.Host.Plugins;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class PluginStateStoreCompliance : StoreCompliance
{
    private static readonly PluginQuarantine Quarantine = new(new ValidationIssue("/entry/type", "It threw 5 times.", "Report it to its publisher."), Some.Time(), new string('a', 64));

    private IPluginStateStore Store => Storage.PluginStates;

    [Fact]
    public async Task ListAsync_NothingDecided_IsEmpty() => Assert.Empty(await Store.ListAsync(None));

    [Fact]
    public async Task SaveAsync_DisabledAndQuarantined_IsKeptWhole()
    {
        PluginStanding[] standings =
        [
            new("acme") { DisabledAt = Some.Time() },
            new("bolt") { Quarantine = Quarantine },
            new("core") { DisabledAt = Some.Time(), Quarantine = Quarantine with { Sha256 = null, Reason = new ValidationIssue("", "إضافة معطلة") } },
        ];
        foreach (var standing in standings.Reverse())
            await Store.SaveAsync(standing, None);

        Assert.Equal(standings, await Store.ListAsync(None));
    }

    [Fact]
    public async Task SaveAsync_Again_ReplacesTheFormer()
    {
        await Store.SaveAsync(new PluginStanding("acme") { DisabledAt = Some.Time(), Quarantine = Quarantine }, None);
        var next = new PluginStanding("acme") { DisabledAt = Some.Time().AddTicks(1) };
        await Store.SaveAsync(next, None);

        Assert.Equal(next, Assert.Single(await Store.ListAsync(None)));
    }

    [Fact]
    public async Task SaveAsync_NothingDecidedAnyMore_ForgetsThePlugin()
    {
        await Store.SaveAsync(new PluginStanding("acme") { DisabledAt = Some.Time() }, None);
        await Store.SaveAsync(new PluginStanding("bolt") { Quarantine = Quarantine }, None);
        await Store.SaveAsync(new PluginStanding("acme"), None);
        await Store.SaveAsync(new PluginStanding("never-there"), None);

        Assert.Equal("bolt", Assert.Single(await Store.ListAsync(None)).Id);
    }

    [Theory]
    [InlineData("'; DROP TABLE plugin_states; --")]
    [InlineData("a\u0000b")]
    [InlineData("A")]
    [InlineData("")]
    public async Task SaveAsync_StrangeId_IsAnIdLikeAnyOther(string id)
    {
        await Store.SaveAsync(new PluginStanding("a") { DisabledAt = Some.Time() }, None);
        await Store.SaveAsync(new PluginStanding(id) { DisabledAt = Some.Time() }, None);

        Assert.Equal(new[] { "a", id }.Order(StringComparer.Ordinal), (await Store.ListAsync(None)).Select(standing => standing.Id));
    }

    [Fact]
    public async Task SaveAsync_ManyAtOnce_KeepsAll()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => Store.SaveAsync(new PluginStanding($"p{i:00}") { DisabledAt = Some.Time() }, None))));

        Assert.Equal(40, (await Store.ListAsync(None)).Count);
    }
}
