using IntegrationHub.Host.Access;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Access;

public sealed class AccessMiddlewareTests
{
    private static readonly string[] Roles = ["viewer", "developer", "operator", "admin"];

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    [InlineData("Bearer ")]
    [InlineData("Bearer nonsense")]
    [InlineData("hub_key")]
    public async Task Request_WithoutAKnownKey_Is401(string? header)
    {
        await using var hub = await FeatureHub.StartAsync();
        using var client = hub.Client(null);
        if (header is not null)
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);

        var answer = await client.SendAsync("GET", "/api/connections");

        Assert.Equal(401, answer.Status);
        Assert.Equal("unauthenticated", answer["code"]);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.NotEmpty(answer["correlationId"]!);
    }

    [Fact]
    public async Task Request_TwoAuthorizationHeaders_Is401()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var client = hub.Client(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", ["Bearer " + FeatureHub.AdminKey, "Bearer " + FeatureHub.AdminKey]);

        Assert.Equal(401, (await client.SendAsync("GET", "/api/connections")).Status);
    }

    [Fact]
    public async Task EveryRoute_ByRole_AnswersAsItDeclares()
    {
        await using var hub = await FeatureHub.StartAsync();
        var routes = hub.Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<RequiredRole>() is not null).ToList();
        Assert.Equal(12, routes.Count);
        foreach (var role in Roles)
        {
            using var client = await hub.ClientAsync(role);
            foreach (var route in routes)
            {
                var method = route.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods.Single();
                var path = route.RoutePattern.RawText!.Replace("{id}", "none", StringComparison.Ordinal);
                var needed = route.Metadata.GetMetadata<RequiredRole>()!.Role;

                var answer = await client.SendAsync(method, path, method is "GET" or "DELETE" ? null : "{}");

                var allowed = Array.IndexOf(Roles, role) + 1 >= (int)needed;
                Assert.True(allowed == (answer.Status != 403), $"{role}: {method} {path} answered {answer.Status}");
                if (!allowed)
                    Assert.Contains($"'{role}'", answer["detail"], StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("GET", "/api/connections", HubRole.Viewer)]
    [InlineData("POST", "/api/connections", HubRole.Developer)]
    [InlineData("GET", "/api/connections/{id}", HubRole.Viewer)]
    [InlineData("PATCH", "/api/connections/{id}", HubRole.Developer)]
    [InlineData("DELETE", "/api/connections/{id}", HubRole.Developer)]
    [InlineData("POST", "/api/connections/{id}/rotate", HubRole.Operator)]
    [InlineData("GET", "/api/keys", HubRole.Admin)]
    [InlineData("POST", "/api/keys", HubRole.Admin)]
    [InlineData("DELETE", "/api/keys/{id}", HubRole.Admin)]
    [InlineData("GET", "/api/audit", HubRole.Admin)]
    [InlineData("GET", "/api/audit/verify", HubRole.Admin)]
    internal async Task Route_NeedsTheRoleTheApiPromises(string method, string path, HubRole role)
    {
        await using var hub = await FeatureHub.StartAsync();

        var route = hub.Endpoints.Single(endpoint => endpoint.RoutePattern.RawText!.TrimEnd('/') == path
            && endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods.Contains(method));

        Assert.Equal(role, route.Metadata.GetMetadata<RequiredRole>()!.Role);
    }

    [Fact]
    public async Task Endpoint_ThatDeclaresNothing_IsRefusedEvenToAdmins()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        using var nobody = hub.Client(null);

        Assert.Equal(403, (await admin.SendAsync("GET", "/api/undeclared")).Status);
        Assert.Equal(403, (await admin.SendAsync("GET", "/API/undeclared")).Status);
        using var open = await nobody.GetAsync(new Uri("/api/open", UriKind.Relative));
        Assert.Equal("open", await open.Content.ReadAsStringAsync());
        Assert.Equal(404, (await nobody.SendAsync("GET", "/api/nothing")).Status);
        Assert.Equal(405, (await nobody.SendAsync("PUT", "/api/connections")).Status);
    }

    [Fact]
    public async Task UnknownKeys_TooMany_Are429AndKnownKeysStillWork()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        using var viewer = await hub.ClientAsync("viewer");
        using var guesser = hub.Client(ApiKeySecret.New());
        for (var i = 0; i < FailedAttempts.Allowed; i++)
            Assert.Equal(401, (await guesser.SendAsync("GET", "/api/connections")).Status);

        var refused = await guesser.SendAsync("GET", "/api/connections");

        Assert.Equal(429, refused.Status);
        Assert.Equal("too_many_attempts", refused["code"]);
        Assert.Equal(60, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.Equal(200, (await admin.SendAsync("GET", "/api/connections")).Status);
        Assert.Equal(200, (await viewer.SendAsync("GET", "/api/connections")).Status);

        hub.Time.Advance(FailedAttempts.Window);
        Assert.Equal(401, (await guesser.SendAsync("GET", "/api/connections")).Status);
    }

    [Fact]
    public async Task Log_AfterGoodAndBadKeys_HoldsNone()
    {
        await using var hub = await FeatureHub.StartAsync();
        var guess = ApiKeySecret.New();
        using var admin = hub.Admin();
        using var guesser = hub.Client(guess);
        await admin.SendAsync("GET", "/api/connections");
        await guesser.SendAsync("GET", "/api/connections");

        Assert.Contains("unknown API key", hub.Logs, StringComparison.Ordinal);
        Assert.DoesNotContain(guess, hub.Logs, StringComparison.Ordinal);
        Assert.DoesNotContain(FeatureHub.AdminKey, hub.Logs, StringComparison.Ordinal);
    }
}
