using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>How a pause that a provider asked for ends.</summary>
public sealed class PauseTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>Otherwise the calls that waited would sleep on until the end of a pause that there is no more.</summary>
    [Fact]
    public async Task Reset_CallsWaitForTheEndOfThePause_GoAtOnce()
    {
        await using var hub = await PausedAsync();
        hub.Caller = new("key_9", "operator", HubRole.Operator, null);
        var waiting = hub.RunAsync("put");
        await hub.Time.WhenTimerIsDueInAsync(Pause);

        await hub.Client.SendAsync("POST", $"/api/connections/{OperationHub.ConnectionId}/limits/reset");

        Assert.Equal(200, (await waiting).Status);
    }

    [Fact]
    public async Task Health_Paused_SaysWhenItEnds()
    {
        await using var hub = await PausedAsync();

        var finding = await hub.Get<IConnectionHealthSource>().FindAsync(hub.Connection, CancellationToken.None);

        Assert.Equal((ConnectionHealthState.Degraded, hub.Time.GetUtcNow() + Pause), (finding!.State, finding.Until));
    }

    private static async Task<OperationHub> PausedAsync()
    {
        var hub = await OperationHub.StartAsync();
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(
            new ProviderError { Category = ErrorCategory.RateLimited, Message = "Later.", ProviderStatus = 429, RetryAfter = Pause }));
        await hub.RunAsync("put");
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationHub.Value("{}"));
        return hub;
    }
}
