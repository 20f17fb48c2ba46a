using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

public sealed class StartRecoveryTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("hub-markers-").FullName;
    private readonly InMemoryPluginStateStore states = new();
    private readonly RecordingAuditTrail audit = new();
    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Run_NothingLeft_QuarantinesNobody()
    {
        await RecoverAsync();

        Assert.Empty(await states.ListAsync(default));
    }

    [Fact]
    public async Task Run_StartThatEnded_LeavesNothing()
    {
        using (await Markers().BeginAsync("acme", "ab", default))
        {
        }

        await RecoverAsync();
        Assert.Empty(await states.ListAsync(default));
    }

    [Fact]
    public async Task Run_OneWasStarting_QuarantinesItForItsFilesAndForgetsTheMarker()
    {
        await Markers().BeginAsync("acme", "ab12", default);
        await RecoverAsync();

        var standing = Assert.Single(await states.ListAsync(default));
        Assert.Equal("acme", standing.Id);
        Assert.Equal("ab12", standing.Quarantine!.Sha256);
        Assert.Empty(Markers().Left());
        var entry = Assert.Single(audit.Entries);
        Assert.Equal(("system", QuarantineAudit.Action, "acme"), (entry.Actor, entry.Action, entry.Target));
    }

    [Fact]
    public async Task Run_AuditIsBroken_QuarantinesAllTheSame()
    {
        audit.Broken = true;
        await Markers().BeginAsync("acme", "ab12", default);
        await RecoverAsync();

        Assert.Single(await states.ListAsync(default));
    }

    [Fact]
    public async Task Run_WasDisabled_StaysDisabled()
    {
        await states.SaveAsync(new PluginStanding("acme") { DisabledAt = DateTimeOffset.UnixEpoch }, default);
        await Markers().BeginAsync("acme", null, default);
        await RecoverAsync();

        Assert.Equal(DateTimeOffset.UnixEpoch, Assert.Single(await states.ListAsync(default)).DisabledAt);
    }

    [Fact]
    public async Task Run_SeveralWereStarting_QuarantinesNobodyAndStartsEachAlone()
    {
        var died = Markers();
        await died.BeginAsync("one", null, default);
        await died.BeginAsync("two", null, default);
        var markers = await RecoverAsync();
        Assert.Empty(await states.ListAsync(default));

        var other = await markers.BeginAsync("other", null, default);
        var one = markers.BeginAsync("one", null, default);
        var two = markers.BeginAsync("two", null, default);
        Assert.False(one.IsCompleted || two.IsCompleted);
        Assert.Equal("other", Assert.Single(markers.Left()).Plugin);

        other.Dispose();
        var first = await await Task.WhenAny(one, two);
        Assert.Single(markers.Left());
        Assert.False(one.IsCompleted && two.IsCompleted);
        first.Dispose();
        (await one).Dispose();
        (await two).Dispose();
        Assert.Empty(markers.Left());
    }

    [Fact]
    public async Task Run_OneEndedTheProcessItself_OnlyThatOneIsGuilty()
    {
        var died = Markers();
        await died.BeginAsync("one", null, default);
        await died.BeginAsync("two", null, default);
        died.Write(new StartMarker("two", "cd", "ended the process (Environment.Exit)", Certain: true));
        await RecoverAsync();

        Assert.Equal("two", Assert.Single(await states.ListAsync(default)).Id);
    }

    [Fact]
    public async Task Run_MarkerCutShort_StillNamesThePlugin()
    {
        await Markers().BeginAsync("acme", null, default);
        await File.WriteAllTextAsync(Directory.GetFiles(Path.Combine(data, "plugins-starting")).Single(), "{ \"Plu");
        await RecoverAsync();

        Assert.Equal("acme", Assert.Single(await states.ListAsync(default)).Id);
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    private StartMarkers Markers() => new(data, NullLogger<StartMarkers>.Instance);

    private async Task<StartMarkers> RecoverAsync()
    {
        var markers = Markers();
        await new StartRecovery(markers, states, new QuarantineAudit(audit, [], time, NullLogger<QuarantineAudit>.Instance), time, NullLogger<StartRecovery>.Instance).RunAsync(CancellationToken.None);
        return markers;
    }
}
