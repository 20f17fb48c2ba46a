using IntegrationHub.Host.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace IntegrationHub.Host.Tests.Architecture;

/// <summary>Walks the routes of the real hub, put together as it is in production and never started.</summary>
public sealed class RouteTests : IAsyncLifetime
{
    private readonly string data = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"hub-routes-{Guid.NewGuid():N}");
    private readonly WebApplication app;

    public RouteTests() => app = HubApp.Build(["--data", data]);

    private List<RouteEndpoint> Routes => [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    [Fact]
    public void EveryRoute_SaysWhoMayUseIt_AndOnlyOneThing()
    {
        Assert.InRange(Routes.Count, 30, int.MaxValue);
        var wrong = Routes.Where(route => (route.Metadata.GetMetadata<RequiredRole>() is null) == (route.Metadata.GetMetadata<OpenToAll>() is null)).Select(Name);

        Assert.Empty(wrong);
    }

    [Fact]
    public void EveryRouteUnderApi_NeedsARole()
    {
        var open = Routes.Where(route => Path(route).StartsWith("/api", StringComparison.OrdinalIgnoreCase) && route.Metadata.GetMetadata<RequiredRole>() is null).Select(Name);

        Assert.Empty(open);
    }

    [Fact]
    public void OpenRoutes_AreTheseAndGiveTheirReason()
    {
        var open = Routes.Where(route => route.Metadata.GetMetadata<OpenToAll>() is not null).ToList();

        Assert.All(open, route => Assert.NotEmpty(route.Metadata.GetMetadata<OpenToAll>()!.Why));
        string[] known =
        [
            "/", "/health/live", "/health/ready", "/health/{provider}", "/oauth/callback", "/oauth/callback/{provider}", "/oauth/start/{handle}", "/openapi/{documentName}.json",
            "/simulators/{provider}/{**path}", "/v1/webhooks/{provider}/{connectionId}",
        ];
        Assert.Equal(known, open.Select(Path).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/api/keys", HubRole.Admin)]
    [InlineData("/api/audit", HubRole.Admin)]
    [InlineData("/api/dead-letters", HubRole.Operator)]
    [InlineData("/api/events/{id}/raw", HubRole.Operator)]
    [InlineData("/api/events/{id}/replay", HubRole.Operator)]
    [InlineData("/api/deliveries/{id}/retry", HubRole.Operator)]
    [InlineData("/api/connections/{id}/rotate", HubRole.Operator)]
    [InlineData("/api/connections/{id}/operations/{operation}", HubRole.Developer)]
    [InlineData("/api/connections/{id}/oauth", HubRole.Developer)]
    [InlineData("/api/subscriptions", HubRole.Developer)]
    internal void SensitiveRoutes_NeedAtLeastTheRole(string prefix, HubRole role)
    {
        // Reading events takes a viewer, whichever subscription chose them.
        var below = Routes.Where(route => Path(route).StartsWith(prefix, StringComparison.Ordinal) && Path(route) != "/api/subscriptions/{id}/stream").ToList();

        Assert.NotEmpty(below);
        Assert.All(below, route => Assert.True(route.Metadata.GetMetadata<RequiredRole>()!.Role >= role, Name(route)));
    }

    [Fact]
    public void RouteNames_AreThereAndDiffer()
    {
        var described = Routes.Where(route => Path(route).StartsWith("/api", StringComparison.Ordinal)).ToList();

        Assert.Empty(described.Where(route => route.Metadata.GetMetadata<IEndpointNameMetadata>() is null).Select(Name));
        var names = Routes.Select(route => route.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName).OfType<string>();
        Assert.Empty(names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public void Routes_ThatAreTheSame_AreNotMappedTwice()
    {
        var same = Routes
            .SelectMany(route => (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]).Select(method => $"{method} {Path(route)}"))
            .GroupBy(route => route, StringComparer.OrdinalIgnoreCase)
            .Where(group => group.Count() > 1)
            .Select(group => group.Key);

        Assert.Empty(same);
    }

    [Fact]
    public void Build_TouchesNothing() => Assert.False(Directory.Exists(data));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        if (Directory.Exists(data))
            Directory.Delete(data, recursive: true);
    }

    private static string Path(RouteEndpoint route) => "/" + route.RoutePattern.RawText!.Trim('/');

    private static string Name(RouteEndpoint route) => $"{string.Join(' ', route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])} {Path(route)}";
}
