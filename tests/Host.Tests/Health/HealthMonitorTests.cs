using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Health;

public sealed class HealthMonitorTests
{
    private static readonly HealthFinding CircuitOpen = new(ConnectionHealthState.Failing, "circuit_open", "Five calls failed.", "Wait.");

    [Fact]
    public async Task Tested_Changes_AreKeptAndTold()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        Assert.Equal(ConnectionHealthState.Unknown, hub.Monitor.StateOf(connection.Id));

        await hub.TestAsync(connection, "ok");
        Assert.Equal(ConnectionHealthState.Healthy, hub.Monitor.StateOf(connection.Id));
        Assert.Empty(hub.Events.All);

        hub.Time.Advance(TimeSpan.FromMinutes(1));
        await hub.TestAsync(connection, "unavailable");
        await hub.TestAsync(connection, "unavailable");
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        await hub.TestAsync(connection, "unauthenticated");
        await hub.TestAsync(connection, "ok", "ok");

        Assert.Equal(
            ["connection.degraded", "connection.failing", "connection.needs_reauthorization", "connection.healthy"], hub.Events.All.Select(notice => notice.Type));
        Assert.All(hub.Events.All, notice => Assert.Equal((connection.Id, "shop", "dev"), (notice.Subject, notice.Project, notice.Environment)));
        var record = hub.Monitor.Find(connection.Id)!;
        Assert.Equal((0, hub.Time.GetUtcNow(), null), (record.FailedRounds, record.Since, record.Reason));
    }

    [Fact]
    public async Task Tested_SameState_KeepsSince()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        await hub.TestAsync(connection, "unauthenticated");
        var since = hub.Time.GetUtcNow();

        hub.Time.Advance(TimeSpan.FromHours(1));
        await hub.TestAsync(connection, "unauthenticated");

        var record = hub.Monitor.Find(connection.Id)!;
        Assert.Equal((since, hub.Time.GetUtcNow(), 2), (record.Since, record.TestedAt, record.FailedRounds));
        Assert.Single(hub.Events.All);
    }

    [Theory]
    [InlineData("ok", 15)]
    [InlineData("unavailable", 2)]
    public async Task Tested_NextRound_ComesSoonerWhileUnhealthy(string result, int minutes)
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();

        await hub.TestAsync(connection, result);

        var due = hub.Time.GetUtcNow() + TimeSpan.FromMinutes(minutes);
        Assert.Empty(await hub.Store.DueAsync(due - TimeSpan.FromTicks(1), 10, CancellationToken.None));
        Assert.Equal([connection.Id], await hub.Store.DueAsync(due, 10, CancellationToken.None));
    }

    [Fact]
    public async Task Reconsider_SourceHasSomethingAgainstIt_WinsUntilItHasNot()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        await hub.TestAsync(connection, "ok");

        hub.Against[connection.Id] = CircuitOpen;
        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);
        var record = hub.Monitor.Find(connection.Id)!;
        Assert.Equal((ConnectionHealthState.Failing, "circuit_open", "Wait."), (record.State, record.Code, record.Repair));

        hub.Against.Clear();
        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);
        Assert.Equal(ConnectionHealthState.Healthy, hub.Monitor.StateOf(connection.Id));
        Assert.Equal(["connection.failing", "connection.healthy"], hub.Events.All.Select(notice => notice.Type));
    }

    [Fact]
    public async Task Reconsider_NeverTested_StaysUnknownWhileNothingSpeaksAgainstIt()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();

        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);

        Assert.Equal(ConnectionHealthState.Unknown, hub.Monitor.StateOf(connection.Id));
        Assert.Empty(hub.Events.All);
    }

    [Fact]
    public async Task Reconsider_ProviderNotLoaded_IsFailingAndSaysWhereToLook()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        hub.Catalog.Providers.Clear();

        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);

        var record = hub.Monitor.Find(connection.Id)!;
        Assert.Equal((ConnectionHealthState.Failing, "provider_not_loaded"), (record.State, record.Code));
        Assert.Contains("/api/plugins", record.Repair, StringComparison.Ordinal);
    }

    /// <summary>No test runs on what does not open, so what the last one said would stand for ever.</summary>
    [Theory]
    [InlineData("secrets_unreadable", "secrets_unreadable", "master key")]
    [InlineData("conflict", "misconfigured", "PATCH")]
    public async Task Reconsider_DoesNotOpen_IsFailingWhateverTheLastTestsSaidUntilItOpens(string problem, string code, string repair)
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        await hub.TestAsync(connection, "ok");

        hub.Unopenable = new Problem(500, problem, "Closed", "It does not open.");
        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);

        var record = hub.Monitor.Find(connection.Id)!;
        Assert.Equal((ConnectionHealthState.Failing, code, "It does not open."), (record.State, record.Code, record.Reason));
        Assert.Contains(repair, record.Repair, StringComparison.Ordinal);

        hub.Unopenable = null;
        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);
        Assert.Equal(ConnectionHealthState.Healthy, hub.Monitor.StateOf(connection.Id));
        Assert.Equal(["connection.failing", "connection.healthy"], hub.Events.All.Select(notice => notice.Type));
    }

    /// <summary>Nobody tells of the end of a pause: nothing happens then.</summary>
    [Fact]
    public async Task TakeEnded_FindingThatEndsByItself_NamesTheConnectionThen()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        await hub.TestAsync(connection, "ok");
        hub.Against[connection.Id] = CircuitOpen with { Until = hub.Time.GetUtcNow().AddSeconds(30) };
        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);

        hub.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.Empty(hub.Monitor.TakeEnded());
        hub.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([connection.Id], hub.Monitor.TakeEnded());
        Assert.Empty(hub.Monitor.TakeEnded());
    }

    [Fact]
    public async Task Reconsider_JustBroken_IsTestedAsSoonAsWhatIsNotHealthy()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        await hub.TestAsync(connection, "ok");
        hub.Against[connection.Id] = CircuitOpen;

        await hub.Monitor.ReconsiderAsync(connection.Id, CancellationToken.None);

        Assert.Equal([connection.Id], await hub.Store.DueAsync(hub.Time.GetUtcNow() + TimeSpan.FromMinutes(2), 10, CancellationToken.None));
    }

    [Fact]
    public async Task Reconsider_ConnectionGone_ForgetsIt()
    {
        await using var hub = await HealthHub.OpenAsync();
        await hub.Monitor.ReconsiderAsync("conn_gone", CancellationToken.None);

        Assert.Null(hub.Monitor.Find("conn_gone"));
    }

    [Fact]
    public async Task Tested_ManyAtOnce_CountsEachRound()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => hub.TestAsync(connection, "unavailable"))));

        Assert.Equal(20, hub.Monitor.Find(connection.Id)!.FailedRounds);
        Assert.Equal(["connection.degraded", "connection.failing"], hub.Events.All.Select(notice => notice.Type));
    }

    [Fact]
    public async Task Load_NextProcess_KnowsWhatWasKnown()
    {
        await using var hub = await HealthHub.OpenAsync();
        var connection = await hub.ConnectAsync();
        await hub.TestAsync(connection, "unavailable");

        await hub.RestartAsync();
        Assert.Equal(ConnectionHealthState.Degraded, hub.Monitor.StateOf(connection.Id));
        await hub.TestAsync(connection, "unavailable");

        Assert.Equal(ConnectionHealthState.Failing, hub.Monitor.StateOf(connection.Id));
    }
}
