using IntegrationHub.Adapters;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>When the circuit of a connection opens and closes.</summary>
public sealed class ConnectionCircuitTests : ResilienceScene
{
    [Fact]
    public async Task Run_FiveFailures_OpenTheCircuitAndThreeSuccessesCloseIt()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 1 });
        var works = false;
        hub.Adapter = (_, _) =>
        {
            calls++;
            return ValueTask.FromResult(works ? Good : Fail(ErrorCategory.Unavailable, 500, false));
        };
        for (var i = 0; i < 5; i++)
            Assert.Equal(502, (await hub.RunAsync("post")).Status);

        hub.Time.Advance(TimeSpan.FromSeconds(15));
        var open = await hub.RunAsync("get");
        var health = await HealthAsync(hub);
        var limits = await hub.Client.SendAsync("GET", Limits);

        Assert.Equal((503, "circuit_open", 5), (open.Status, open["code"], calls));
        Assert.Equal(TimeSpan.FromSeconds(45), open.Headers.RetryAfter!.Delta);
        Assert.Equal((ConnectionHealthState.Failing, "circuit_open"), (health!.State, health.Code));
        Assert.Equal("open", limits.Json.GetProperty("circuit").GetProperty("state").GetString());

        hub.Time.Advance(TimeSpan.FromSeconds(45));
        works = true;
        Assert.Equal(200, (await hub.RunAsync("get")).Status);
        Assert.Equal(ConnectionHealthState.Degraded, (await HealthAsync(hub))!.State);
        Assert.Equal(200, (await hub.RunAsync("get")).Status);
        Assert.Equal(200, (await hub.RunAsync("get")).Status);
        Assert.Null(await HealthAsync(hub));
    }

    [Fact]
    public async Task Run_CircuitOpensBetweenAttempts_AnswersWithWhatTheProviderSaid()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 10, BaseDelay = TimeSpan.Zero });
        Answer(hub, Fail(ErrorCategory.Unavailable, 500, false));

        var answer = await hub.RunAsync("get");

        Assert.Equal((502, "unavailable", 5), (answer.Status, answer["code"], calls));
    }

    [Theory]
    [InlineData(ErrorCategory.InvalidParams, 400)]
    [InlineData(ErrorCategory.Unauthenticated, 401)]
    [InlineData(ErrorCategory.Declined, 402)]
    [InlineData(ErrorCategory.NotFound, 404)]
    [InlineData(ErrorCategory.ProviderError, null)]
    public async Task Run_CallersMistakes_NeverOpenTheCircuit(ErrorCategory category, int? status)
    {
        await using var hub = await StartAsync();
        Answer(hub, Fail(category, status, false));

        for (var i = 0; i < 20; i++)
            await hub.RunAsync("get");

        Assert.Equal(20, calls);
        Assert.Null(await HealthAsync(hub));
    }
}
