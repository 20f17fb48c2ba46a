using System.Net;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Health;

/// <summary>The whole hub with a provider on loopback that answers what the test says.</summary>
public sealed class HealthApiTests(RealHub hub) : IClassFixture<RealHub>
{
    [Fact]
    public async Task Test_ProviderRefusesTheKey_IsShownWithItsRepairAndTold()
    {
        await using var provider = new Provider { Status = HttpStatusCode.Unauthorized };
        using var client = await hub.AdminAsync();
        var address = await provider.StartAsync();
        var connection = await client.SendAsync("POST", "/api/connections", $$"""
            { "provider": "stripe", "alias": "health", "project": "health-a", "config": { "secretKey": "{{"sk_" + "test_" + "healthofconnections"}}" }, "overrides": { "baseUrl": "{{address}}" } }
            """);
        Assert.Equal(201, connection.Status);
        var path = $"/api/connections/{connection["id"]}/health";
        Assert.Equal("unknown", (await client.SendAsync("GET", path))["state"]);

        await client.SendAsync("POST", $"/api/connections/{connection["id"]}/test");

        var health = await client.SendAsync("GET", path);
        Assert.Equal(("needs_reauthorization", "unauthenticated"), (health["state"], health["code"]));
        Assert.Contains("credentials", health["repair"], StringComparison.Ordinal);
        Assert.DoesNotContain("healthofconnections", health.Text, StringComparison.Ordinal);
        var listed = await client.SendAsync("GET", "/api/health?state=needs_reauthorization&provider=stripe");
        Assert.Contains(connection["id"]!, listed.Text, StringComparison.Ordinal);
        var events = await client.SendAsync("GET", "/api/events?type=hub.connection.needs_reauthorization");
        Assert.Contains(connection["id"]!, events.Text, StringComparison.Ordinal);

        using var anybody = hub.Client(null);
        Assert.Equal((503, "failing"), await StatusAsync(anybody, "/health/stripe"));
        provider.Status = HttpStatusCode.OK;
        await client.SendAsync("POST", $"/api/connections/{connection["id"]}/test");
        Assert.Equal("healthy", (await client.SendAsync("GET", path))["state"]);

        using var stranger = await hub.AdminAsync("health-b");
        Assert.Equal(404, (await stranger.SendAsync("GET", path)).Status);
        Assert.DoesNotContain(connection["id"]!, (await stranger.SendAsync("GET", "/api/health")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provider_NotThere_Is404()
    {
        using var anybody = hub.Client(null);

        Assert.Equal(404, (await anybody.SendAsync("GET", "/health/none")).Status);
        Assert.Equal(200, (await anybody.SendAsync("GET", "/health/live")).Status);
        Assert.Equal(200, (await anybody.SendAsync("GET", "/health/ready")).Status);
    }

    [Fact]
    public async Task List_NoSuchState_SaysWhich()
    {
        using var client = await hub.AdminAsync();

        var answer = await client.SendAsync("GET", "/api/health?state=fine");

        Assert.Equal((400, "/state"), (answer.Status, Assert.Single(answer.Pointers)));
    }

    private static async Task<(int, string?)> StatusAsync(HttpClient client, string path)
    {
        var answer = await client.SendAsync("GET", path);
        return (answer.Status, answer["status"]);
    }

    private sealed class Provider : IAsyncDisposable
    {
        private WebApplication? app;

        public HttpStatusCode Status { get; set; }

        public async Task<string> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            app.Run(context =>
            {
                context.Response.StatusCode = (int)Status;
                return context.Response.WriteAsJsonAsync(new { @object = "balance", available = Array.Empty<object>(), error = new { message = "No such key." } });
            });
            await app.StartAsync();
            return app.Urls.First();
        }

        public ValueTask DisposeAsync() => app?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
