using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Hosting;

public sealed class ApiDescriptionTests(RealHub hub) : IClassFixture<RealHub>
{
    [Fact]
    public async Task Document_HasEveryRoute_WithItsSecurityAndAnswers()
    {
        var paths = (await ReadAsync()).GetProperty("paths");
        var routes = hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null && !route.RoutePattern.RawText!.StartsWith("/openapi", StringComparison.Ordinal))
            .ToList();

        Assert.InRange(routes.Count, 30, int.MaxValue);
        foreach (var route in routes)
        {
            var path = "/" + route.RoutePattern.RawText!.Trim('/');
            var method = Assert.Single(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods, method => method != "HEAD");
            var operation = paths.GetProperty(path).GetProperty(method.ToLowerInvariant());
            var name = $"{method} {path}";

            Assert.False(paths.GetProperty(path).TryGetProperty("head", out _), name);
            Assert.True(operation.TryGetProperty("summary", out _), name);
            Assert.True(operation.TryGetProperty("operationId", out _), name);
            Assert.True(operation.GetProperty("responses").EnumerateObject().Any(response => response.Name.StartsWith('2')), name);
            var isGuarded = route.Metadata.GetMetadata<RequiredRole>() is not null;
            Assert.True(isGuarded == operation.TryGetProperty("security", out var security) && (!isGuarded || security.GetArrayLength() == 1), name);
            if (isGuarded)
                Assert.Equal("#/components/schemas/Problem", operation.GetProperty("responses").GetProperty("401").GetProperty("content").GetProperty("application/problem+json").GetProperty("schema").GetProperty("$ref").GetString());

            if (method is "PATCH" || path.Contains("/operations/", StringComparison.Ordinal) || path.StartsWith("/v1/webhooks", StringComparison.Ordinal) && method is "POST" || route.Metadata.GetMetadata<IAcceptsMetadata>() is not null)
                Assert.True(operation.TryGetProperty("requestBody", out _), name);
        }
    }

    [Fact]
    public async Task Document_RefersOnlyToWhatItHas()
    {
        var document = await ReadAsync();
        var references = References(document).Distinct().ToList();

        Assert.NotEmpty(references);
        Assert.All(references, reference =>
        {
            var at = document;
            foreach (var name in reference[2..].Split('/'))
                Assert.True(at.TryGetProperty(name.Replace("~1", "/", StringComparison.Ordinal), out at), reference);
        });
    }

    [Theory]
    [InlineData("/api/events", "get", "provider type connection subject project status from to limit cursor")]
    [InlineData("/api/events/{id}/raw", "get", "id reason")]
    [InlineData("/api/deliveries", "get", "status subscription event project eventType from to limit cursor")]
    [InlineData("/api/dead-letters", "get", "subscription project eventType fingerprint step replayed from to limit cursor")]
    [InlineData("/api/subscriptions", "get", "project limit cursor")]
    [InlineData("/api/connections", "get", "provider project environment limit cursor")]
    public async Task Document_NamesWhatTheQueryTakes(string path, string method, string names)
    {
        var parameters = (await ReadAsync()).GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("parameters");

        Assert.Equal(names.Split(' ').Order(), parameters.EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()!).Order());
    }

    [Fact]
    public async Task ProblemSchema_HasTheMembersOfAProblem()
    {
        var schema = (await ReadAsync()).GetProperty("components").GetProperty("schemas").GetProperty("Problem");
        using var nobody = hub.Client(null);
        var problem = await nobody.SendAsync("GET", "/api/connections");

        Assert.All(schema.GetProperty("required").EnumerateArray(), name => Assert.True(problem.Json.TryGetProperty(name.GetString()!, out _), name.GetString()));
        Assert.All(problem.Json.EnumerateObject(), member => Assert.True(schema.GetProperty("properties").TryGetProperty(member.Name, out _), member.Name));
    }

    [Theory]
    [InlineData("/docs", "text/html")]
    [InlineData("/docs/swagger-ui-bundle.js", "text/javascript")]
    [InlineData("/docs/swagger-ui.css", "text/css")]
    public async Task Page_AndItsParts_AreThere(string path, string type)
    {
        using var client = hub.Client(null);
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Page_OnATelephone_IsAsWideAsThat()
    {
        using var client = hub.Client(null);

        Assert.Contains("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">", await client.GetStringAsync(new Uri("/docs/index.html", UriKind.Relative)), StringComparison.Ordinal);
    }

    private async Task<JsonElement> ReadAsync()
    {
        using var client = hub.Client(null);
        return (await client.SendAsync("GET", "/openapi/v1.json")).Json;
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member.Name == "$ref" && member.Value.ValueKind == JsonValueKind.String ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
