using IntegrationHub.Adapters;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>The limits of a connection as operators set and see them.</summary>
public sealed class ConnectionLimitsTests : ResilienceScene
{
    [Fact]
    public async Task Limits_OperatorsOverrides_WinOverTheManifest()
    {
        await using var hub = await StartAsync(
            new RetryManifest { MaxAttempts = 5, BaseDelay = TimeSpan.Zero },
            new LimitsManifest { RequestsPerSecond = 100, Concurrency = 50 },
            ("Hub:Providers:ACME:Limits:RequestsPerSecond", "3"), ("Hub:Providers:ACME:Retry:MaxAttempts", "2"), ($"Hub:Connections:{OperationHub.ConnectionId}:Limits:Concurrency", "7"));
        Answer(hub, Fail(ErrorCategory.Unavailable, 500, false));
        await hub.RunAsync("get");

        var limits = (await hub.Client.SendAsync("GET", Limits)).Json;

        Assert.Equal(2, calls);
        Assert.Equal((3, 3, 7), (limits.GetProperty("bucket").GetProperty("requestsPerSecond").GetDouble(), limits.GetProperty("bucket").GetProperty("burst").GetInt32(), limits.GetProperty("concurrency").GetInt32()));
    }

    [Theory]
    [InlineData("Hub:Operations:MaxWait", "-00:00:01")]
    [InlineData("Hub:Operations:ProviderConcurrency", "0")]
    [InlineData("Hub:Operations:Defaults:Retry:MaxAttempts", "0")]
    [InlineData("Hub:Providers:acme:Limits:RequestsPerSecond", "0")]
    [InlineData("Hub:Providers:acme:Retry:TotalTimeout", "00:00:00")]
    [InlineData("Hub:Connections:conn_1:Breaker:Failures", "-1")]
    public async Task Start_SettingMakesNoSense_SaysWhich(string key, string value)
    {
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(settings: (key, value)));

        Assert.Contains(key, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_OpenCircuit_ClosesItAndIsAudited()
    {
        await using var hub = await StartAsync(new RetryManifest { MaxAttempts = 1 });
        Answer(hub, Fail(ErrorCategory.Unavailable, 500, false));
        for (var i = 0; i < 5; i++)
            await hub.RunAsync("get");

        hub.Caller = new Caller("key_9", "operator", HubRole.Operator, null);
        var reset = await hub.Client.SendAsync("POST", Limits + "/reset");

        Assert.Equal("closed", reset.Json.GetProperty("circuit").GetProperty("state").GetString());
        Assert.Equal(502, (await hub.RunAsync("get")).Status);
        Assert.Contains(hub.Audit.Entries, entry => (entry.Action, entry.Target, entry.Actor) == ("connection.limits_reset", OperationHub.ConnectionId, "key_9"));
    }

    [Fact]
    public async Task Limits_AnotherProjectsConnection_IsNotThere()
    {
        await using var hub = await StartAsync();
        hub.Caller = new Caller("key_2", "other", HubRole.Admin, new HashSet<string> { "blog" });

        Assert.Equal(404, (await hub.Client.SendAsync("GET", Limits)).Status);
        Assert.Equal(404, (await hub.Client.SendAsync("POST", Limits + "/reset")).Status);
    }
}
