using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Access;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Http;

/// <summary>A slip in the name of a query parameter is told, at every route of the API, whichever way the route reads its query.</summary>
public sealed class KnownQueryTests(RealHub hub) : IClassFixture<RealHub>
{
    private List<ApiRoute> Api => [.. ApiStage.Routes(hub.Services).Where(route => route.Required is not null)];

    [Fact]
    public async Task EveryRoute_KnowsTheParametersThatItsDescriptionNames()
    {
        using var client = hub.Client(null);
        var paths = (await client.SendAsync("GET", "/openapi/v1.json")).Json.GetProperty("paths");
        foreach (var route in Api)
        {
            var operation = paths.GetProperty(route.Path).GetProperty(route.Method.ToLowerInvariant());
            var described = operation.TryGetProperty("parameters", out var parameters)
                ? parameters.EnumerateArray().Where(one => one.GetProperty("in").GetString() == "query").Select(one => one.GetProperty("name").GetString()!).Order(StringComparer.Ordinal).ToList()
                : [];

            var known = route.Endpoint.Metadata.GetMetadata<KnownQuery>();
            Assert.True(known is not null, route.Name);
            Assert.Equal((route.Name, string.Join(' ', described)), (route.Name, string.Join(' ', known.Names.Order(StringComparer.Ordinal))));
        }
    }

    [Fact]
    public async Task EveryRoute_RefusesWhatItDoesNotKnow_AndOnlyToWhomItMayTell()
    {
        using var client = hub.Bootstrap();
        using var nobody = hub.Client(null);
        foreach (var route in Api)
        {
            var path = route.Parameters.Aggregate(route.Path, (text, name) => text.Replace($"{{{name}}}", "none_00000000000000000000000000", StringComparison.Ordinal)) + "?limt=5";
            var answer = await client.SendAsync(route.Method, path);
            Assert.True((400, "invalid_request") == (answer.Status, answer["code"]), $"{route.Name}: {answer.Status} {answer.Text}");
            Assert.Equal(["/limt"], answer.Pointers);
            Assert.Equal(401, (await nobody.SendAsync(route.Method, path)).Status);
        }
    }

    [Fact]
    public async Task Unknown_NamesThemAllAndWhatThereIs()
    {
        using var client = hub.Bootstrap();

        var answer = await client.SendAsync("GET", "/api/subscriptions?limt=5&projekt=x&a/b~c=1");

        Assert.Equal(["/limt", "/projekt", "/a~1b~0c"], answer.Pointers);
        Assert.Contains("project, limit, cursor", answer["detail"], StringComparison.Ordinal);
        var issues = answer.Json.GetProperty("errors");
        Assert.Equal("There is no query parameter 'limt' here.", issues[0].GetProperty("message").GetString());
        Assert.Equal("Did you mean 'limit'?", issues[0].GetProperty("hint").GetString());
        Assert.Equal("Did you mean 'project'?", issues[1].GetProperty("hint").GetString());
    }

    [Fact]
    public async Task Unknown_WhereNoneIsTaken_SaysThat()
    {
        using var client = hub.Bootstrap();

        Assert.Equal("This address takes no query parameters.", (await client.SendAsync("GET", "/api/encryption?x=1"))["detail"]);
    }

    /// <summary>What is asked for stays within bounds, and values are told to nobody: they may be keys.</summary>
    [Fact]
    public async Task Unknown_HostileNames_AreCutShortAndValuesNotRepeated()
    {
        using var client = hub.Bootstrap();

        var answer = await client.SendAsync("GET", "/api/events?" + string.Join('&', Enumerable.Range(0, 100).Select(i => $"{new string('x', 60)}{i:000}yyyyy=the-value")));

        Assert.Equal(400, answer.Status);
        Assert.Equal(20, answer.Pointers.Count);
        Assert.All(answer.Pointers, pointer => Assert.InRange(pointer.Length, 1, 70));
        Assert.DoesNotContain("the-value", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/events?")]
    [InlineData("/api/events?&&")]
    [InlineData("/api/events?LIMIT=5")]
    [InlineData("/api/events?limit=5&type=app.**")]
    [InlineData("/api/providers?q=a&sort=name")]
    [InlineData("/api/audit?actor=x&limit=1")]
    [InlineData("/health/ready?probe=1")]
    [InlineData("/openapi/v1.json?x=1")]
    public async Task Known_AndWhatIsNoApi_IsAnswered(string path)
    {
        using var client = hub.Bootstrap();

        Assert.Equal(200, (await client.SendAsync("GET", path)).Status);
    }

    [Fact]
    public async Task Webhooks_TakeWhateverTheProviderAdds()
    {
        using var client = hub.Client(null);

        var answer = await client.SendTextAsync("POST", "/v1/webhooks/stripe/conn_none?anything=1", "{}");

        Assert.DoesNotContain("query parameter", answer.Text, StringComparison.Ordinal);
    }
}
