using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Http;

public sealed class KnownQueryRouteTests : IClassFixture<RealHub>
{
    private readonly RealHub hub;

    public KnownQueryRouteTests(RealHub hub) => this.hub = hub;

    [Theory]
    [InlineData("GET", "/api/events?projct=shop", "/projct", "'project'")]
    [InlineData("GET", "/api/deliveries?subscriptionId=sub_1", "/subscriptionId", "Did you mean")]
    [InlineData("GET", "/api/dead-letters?stepp=send", "/stepp", "'step'")]
    [InlineData("GET", "/api/dead-letters/groups?a~b/c=1", "/a~0b~1c", "Known:")]
    [InlineData("GET", "/api/effects?verdct=unknown", "/verdct", "'verdict'")]
    [InlineData("GET", "/api/jobs?status=dead", "/status", "'state'")]
    [InlineData("GET", "/api/replays?status=running", "/status", "'state'")]
    [InlineData("GET", "/api/connections?projects=shop", "/projects", "'project'")]
    [InlineData("GET", "/api/subscriptions?environment=prod", "/environment", "Known:")]
    [InlineData("GET", "/api/providers?curency=sar", "/curency", "'currency'")]
    [InlineData("GET", "/api/audit?since=2026-01-01", "/since", "Known:")]
    [InlineData("GET", "/api/keys?role=admin", "/role", "Known:")]
    [InlineData("GET", "/api/health?status=failing", "/status", "'state'")]
    [InlineData("GET", "/api/privacy/erasures?state=running", "/state", "Known:")]
    [InlineData("GET", "/api/events/stream?patern=a", "/patern", "'pattern'")]
    [InlineData("POST", "/api/capabilities/sms.send?async=true", "/async", "takes no query")]
    public async Task Query_WhatNobodyReads_IsRefusedWithWhatThereIs(string method, string path, string pointer, string hint)
    {
        using var client = hub.Bootstrap();

        var answer = await client.SendAsync(method, path, method == "POST" ? "{}" : null);

        Assert.Equal((400, "invalid_request", pointer), (answer.Status, answer["code"], Assert.Single(answer.Pointers)));
        Assert.Contains(hint, answer.Json.GetProperty("errors")[0].GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/events?LIMIT=1&type=a.*&project=shop&status=dead")]
    [InlineData("/api/providers?capability=sms.send&capability=email.send&limit=1")]
    [InlineData("/api/audit?actor=x&limit=1")]
    [InlineData("/api/connections?provider=stripe&project=shop&environment=prod&limit=1")]
    [InlineData("/api/jobs?project=shop")]
    [InlineData("/api/effects?project=shop")]
    [InlineData("/api/replays?project=shop")]
    [InlineData("/api/health?project=shop")]
    [InlineData("/api/privacy/erasures?project=shop")]
    [InlineData("/api/events/types")]
    [InlineData("/health/live?probe=1")]
    public async Task Query_WhatIsRead_IsTaken(string path)
    {
        using var client = hub.Bootstrap();

        Assert.Equal(200, (await client.SendAsync("GET", path)).Status);
    }

    [Fact]
    public async Task Query_WithoutAKey_IsNotLookedAt()
    {
        using var client = hub.Client(null);

        Assert.Equal(401, (await client.SendAsync("GET", "/api/events?projct=shop")).Status);
    }

    [Fact]
    public async Task Providers_LimitThatIsNoNumber_SaysSo()
    {
        using var client = hub.Bootstrap();

        var answer = await client.SendAsync("GET", "/api/providers?limit=many");

        Assert.Equal((400, "/limit"), (answer.Status, Assert.Single(answer.Pointers)));
    }
}
