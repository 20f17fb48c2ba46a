using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Access;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Http;

/// <summary>HEAD is GET without the body (RFC 9110 §9.3.2), at every route that is read.</summary>
public sealed class HeadRequestTests(RealHub hub) : IClassFixture<RealHub>
{
    [Fact]
    public async Task Head_OfEveryRouteThatIsRead_AnswersAsGetDoes()
    {
        using var client = hub.Bootstrap();
        using var nobody = hub.Client(null);
        var wrong = new List<string>();
        var routes = Read().Where(route => route.Endpoint.Metadata.GetMetadata<NoHead>() is null).ToList();
        foreach (var route in routes)
        {
            var path = PathOf(route);
            var (get, head) = (await SendAsync(client, "GET", path), await SendAsync(client, "HEAD", path));
            if (get.Status != head.Status || get.Type != head.Type || head.Length != 0 || get.Length == 0 && get.Status != 302)
                wrong.Add($"{route.Path}: GET {get}, HEAD {head}");

            if (route.Required is not null && (await SendAsync(nobody, "HEAD", path)).Status != 401)
                wrong.Add($"HEAD {route.Path} is open to everybody.");
        }

        Assert.Empty(wrong);
        Assert.InRange(routes.Count, 30, int.MaxValue);
    }

    [Fact]
    public async Task Head_OfWhatGetWouldSetOff_IsRefused()
    {
        using var client = hub.Bootstrap();
        var routes = Read().Where(route => route.Endpoint.Metadata.GetMetadata<NoHead>() is not null).ToList();

        Assert.Equal(
            ["/api/events/stream", "/api/subscriptions/{id}/stream", "/oauth/callback", "/oauth/callback/{provider}", "/oauth/start/{handle}", "/v1/webhooks/{provider}/{connectionId}"],
            routes.Select(route => route.Path));
        foreach (var route in routes)
        {
            Assert.NotEmpty(route.Endpoint.Metadata.GetMetadata<NoHead>()!.Why);
            using var request = new HttpRequestMessage(HttpMethod.Head, PathOf(route));
            using var answer = await client.SendAsync(request);
            Assert.Equal(405, (int)answer.StatusCode);
            Assert.Contains("GET", answer.Content.Headers.Allow);
            Assert.DoesNotContain("HEAD", answer.Content.Headers.Allow);
        }
    }

    [Fact]
    public async Task Head_OfARouteThatIsNotRead_IsRefused()
    {
        using var client = hub.Bootstrap();

        Assert.Equal(405, (await SendAsync(client, "HEAD", "/api/encryption/rotate")).Status);
        Assert.Equal(404, (await SendAsync(client, "HEAD", "/api/nothing")).Status);
    }

    private IEnumerable<ApiRoute> Read() => ApiStage.Routes(hub.Services).Where(route => route.Method == "GET" && !route.Path.StartsWith("/simulators", StringComparison.Ordinal));

    private static string PathOf(ApiRoute route) =>
        route.Parameters.Aggregate(route.Path, (text, name) => text.Replace($"{{{name}}}", name == "documentName" ? "v1" : "none_00000000000000000000000000", StringComparison.Ordinal));

    private static async Task<(int Status, string? Type, int Length)> SendAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await client.SendAsync(request);
        return ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }
}
