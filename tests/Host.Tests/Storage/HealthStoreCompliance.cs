using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class HealthStoreCompliance : StoreCompliance
{
    private IHealthStore Health => Storage.Health;

    [Fact]
    public async Task SaveAsync_EveryField_IsReadBackAndReplaced()
    {
        var connection = await ConnectAsync("a");
        var record = Record(connection, ConnectionHealthState.NeedsReauthorization) with
        {
            Code = "unauthenticated", Reason = "رُفض المفتاح", Repair = "Give it new ones.", TestedAt = Some.Time(), FailedRounds = 3,
            Tests = [new ConnectionTestResult("acme-connection", false, 12.5, new ConnectionTestError("unauthenticated", "No.", 401, "bad_key"))],
        };

        await Health.SaveAsync(Record(connection, ConnectionHealthState.Healthy), None);
        await Health.SaveAsync(record, None);

        Assert.Equivalent(record, Assert.Single(await Health.LoadAsync(None)), strict: true);
    }

    [Fact]
    public async Task SaveAsync_ConnectionGone_LeavesNothing()
    {
        var connection = await ConnectAsync("a");
        await Health.SaveAsync(Record(connection, ConnectionHealthState.Failing), None);
        await Storage.Connections.DeleteAsync(connection.Id, None);

        Assert.Empty(await Health.LoadAsync(None));
        Assert.Equal(1, await Health.PurgeAsync(None));
        await Health.SaveAsync(Record(connection, ConnectionHealthState.Failing), None);
        Assert.Equal(0, await Health.PurgeAsync(None));
    }

    [Fact]
    public async Task DueAsync_NewFirst_ThenTheLongestDue()
    {
        var now = Some.Time();
        var late = await ConnectAsync("late", now.AddMinutes(-1));
        var later = await ConnectAsync("later", now.AddMinutes(-5));
        await ConnectAsync("future", now.AddTicks(1));
        await ConnectAsync("off", now.AddMinutes(-9), enabled: false);
        var fresh = await ConnectAsync("fresh");
        await ConnectAsync("freshOff", enabled: false);

        Assert.Equal([fresh.Id, later.Id, late.Id], await Health.DueAsync(now, 10, None));
        Assert.Equal([fresh.Id, later.Id], await Health.DueAsync(now, 2, None));
    }

    [Fact]
    public async Task ListAsync_Filters_GiveWhatFits()
    {
        var failing = await ConnectAsync("a");
        await Health.SaveAsync(Record(failing, ConnectionHealthState.Failing), None);
        var fresh = await ConnectAsync("b", project: "blog", provider: "twilio");

        Assert.Equal([fresh.Id, failing.Id], await IdsAsync(new()));
        Assert.Equal([failing.Id], await IdsAsync(new() { State = ConnectionHealthState.Failing }));
        Assert.Equal([fresh.Id], await IdsAsync(new() { State = ConnectionHealthState.Unknown }));
        Assert.Equal([fresh.Id], await IdsAsync(new() { Provider = "twilio" }));
        Assert.Equal([fresh.Id], await IdsAsync(new() { VisibleProjects = new HashSet<string> { "blog" } }));
        Assert.Empty(await IdsAsync(new() { VisibleProjects = new HashSet<string>() }));
        Assert.Equal([fresh.Id, failing.Id], (await ReadAllAsync(page => Health.ListAsync(new(), page, None), 1)).Select(listing => listing.ConnectionId));
    }

    [Theory]
    [MemberData(nameof(HostileCursors))]
    public Task ListAsync_HostileCursor_IsRefused(string cursor) => RefusesCursorAsync(page => Health.ListAsync(new(), page, None), cursor);

    [Fact]
    public async Task CountAsync_CountsEnabledConnectionsOfTheProvider()
    {
        foreach (var (alias, state) in new[] { ("a", ConnectionHealthState.Healthy), ("b", ConnectionHealthState.Healthy), ("c", ConnectionHealthState.Failing) })
            await Health.SaveAsync(Record(await ConnectAsync(alias), state), None);
        await ConnectAsync("d");
        await Health.SaveAsync(Record(await ConnectAsync("e", enabled: false), ConnectionHealthState.Failing), None);
        await ConnectAsync("f", provider: "twilio");

        var counts = await Health.CountAsync("stripe", None);

        Assert.Equal(3, counts.Count);
        Assert.Equal((2, 1, 1), (counts[ConnectionHealthState.Healthy], counts[ConnectionHealthState.Failing], counts[ConnectionHealthState.Unknown]));
    }

    private async Task<Connection> ConnectAsync(string alias, DateTimeOffset? due = null, bool enabled = true, string project = "shop", string provider = "stripe")
    {
        var connection = Some.Connection(alias, project, provider) with { Enabled = enabled };
        Assert.True(await Storage.Connections.TryAddAsync(connection, None));
        if (due is { } at)
            await Health.SaveAsync(Record(connection, ConnectionHealthState.Healthy) with { NextTestAt = at }, None);

        return connection;
    }

    private static HealthRecord Record(Connection connection, ConnectionHealthState state) =>
        new() { ConnectionId = connection.Id, State = state, Since = Some.Time(), NextTestAt = Some.Time() };

    private async Task<IEnumerable<string>> IdsAsync(HealthQuery query) => (await Health.ListAsync(query, new PageRequest(), None)).Items.Select(listing => listing.ConnectionId);
}
