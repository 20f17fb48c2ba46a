using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Abstractions.Tests.Adapters;

public sealed class RestAdapterRequestTests
{
    private static HttpManifest Get(string path) => new() { Method = "GET", Path = path };

    private static HttpManifest Post(BodyManifest? body, string path = "/v1/things") => new() { Method = "POST", Path = path, Body = body };

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a b", "a%20b")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("a?b#c&d=e", "a%3Fb%23c%26d%3De")]
    [InlineData("100%", "100%25")]
    [InlineData("%2e%2e", "%252e%252e")]
    [InlineData("سلام", "%D8%B3%D9%84%D8%A7%D9%85")]
    [InlineData("😀", "%F0%9F%98%80")]
    [InlineData("a\\\\b", "a%5Cb")]
    [InlineData("...", "...")]
    [InlineData("a\\r\\nHost: evil", "a%0D%0AHost%3A%20evil")]
    public async Task Path_AnyValue_StaysOneSegment(string value, string encoded)
    {
        var harness = new RestHarness { Http = Get("/v1/things/{params.id}/sub") };

        Assert.True((await harness.RunAsync($$"""{"id":"{{value}}"}""")).Succeeded);

        Assert.Equal($"https://api.provider.test/v1/things/{encoded}/sub", harness.Sent.Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("/v1/{params.id}", """{"id":".."}""")]
    [InlineData("/v1/{params.id}", """{"id":"."}""")]
    [InlineData("/v1/{params.id}", """{"id":""}""")]
    [InlineData("/v1/{params.id}", """{"id":"../../admin"}""")]
    [InlineData("/v1/{params.id|path}", """{"id":"a/../../b"}""")]
    [InlineData("/v1/{params.id|path}", """{"id":".."}""")]
    [InlineData("/v1/{params.id}", "{}")]
    [InlineData("/v1/{params.id}", """{"id":null}""")]
    [InlineData("/v1/{/id}", "{}")]
    public async Task Path_ValueThatWouldLeaveIt_IsInvalidWithPointer(string path, string parameters)
    {
        var harness = new RestHarness { Http = Get(path) };

        var error = (await harness.RunAsync(parameters)).Error!;

        Assert.Equal(ErrorCategory.InvalidParams, error.Category);
        Assert.Equal("/id", Assert.Single(error.Issues).Pointer);
        Assert.Empty(harness.Requests);
    }

    [Fact]
    public async Task Path_DotSegmentOfTheTemplate_IsRefused()
    {
        var harness = new RestHarness { Http = Get("/v1/x{params.a}{params.b}/../y") };
        Assert.Equal(ErrorCategory.InvalidParams, (await harness.RunAsync("""{"a":"a","b":"b"}""")).Error!.Category);
        Assert.Empty(harness.Requests);
    }

    [Theory]
    [InlineData("https://files.provider.test/up/{params.id}", "https://files.provider.test/up/x%2Fy")]
    [InlineData("https://{config.region}.provider.test/up/{params.id}", "https://eu.provider.test/up/x%2Fy")]
    [InlineData("https://{/host}.provider.test/up", "https://h.provider.test/up?id=x%2Fy")]
    [InlineData("/a?fixed=1", "https://api.provider.test/a?fixed=1&id=x%2Fy&host=h")]
    [InlineData("{params.id|path}", "https://api.provider.test/x/y?host=h")]
    public async Task Address_AbsoluteOrWithQuery_IsBuilt(string path, string expected)
    {
        var harness = new RestHarness { Http = Get(path) };
        await harness.RunAsync("""{"id":"x/y","host":"h"}""");
        var relevant = expected.StartsWith("https://files", StringComparison.Ordinal) || expected.StartsWith("https://eu", StringComparison.Ordinal) ? expected + "?host=h" : expected;
        Assert.Equal(relevant, harness.Sent.Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("evil.test/")]
    [InlineData("evil.test#")]
    [InlineData("a@evil.test")]
    [InlineData("evil.test:8080")]
    [InlineData("")]
    public async Task Address_HostValueThatIsNoName_IsInvalid(string host)
    {
        var harness = new RestHarness { Http = Get("https://{params.host}.provider.test/up") };
        Assert.Equal(ErrorCategory.InvalidParams, (await harness.RunAsync($$"""{"host":"{{host}}"}""")).Error!.Category);
        Assert.Empty(harness.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ftp://x.test")]
    [InlineData("nonsense")]
    public async Task Address_WithoutBaseUrl_SaysSo(string baseUrl) =>
        Assert.Contains("base address", (await new RestHarness { BaseUrl = baseUrl }.RunAsync()).Error!.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(ArrayFormat.Indices, BodyKind.None, "a=x&a=y&o%5Bp%5D=1&t=true")]
    [InlineData(ArrayFormat.Brackets, BodyKind.None, "a%5B%5D=x&a%5B%5D=y&o%5Bp%5D=1&t=true")]
    [InlineData(ArrayFormat.Comma, BodyKind.None, "a=x%2Cy&o%5Bp%5D=1&t=true")]
    public async Task Query_UnusedParameters_GoThereOnBodilessRequests(ArrayFormat format, BodyKind kind, string expected)
    {
        var harness = new RestHarness { Http = Get("/v1/{params.id}") with { Headers = new Dictionary<string, string> { ["X-Used"] = "{params.h}" }, Body = new() { Kind = kind, ArrayFormat = format } } };

        await harness.RunAsync("""{"id":"i","h":"h","a":["x","y"],"o":{"p":1},"t":true,"n":null}""");

        Assert.Equal("?" + expected, harness.Sent.Uri.Query);
        Assert.Equal("h", harness.Sent.Headers["X-Used"]);
    }

    [Theory]
    [InlineData(ArrayFormat.Indices, "?expand%5B0%5D=data")]
    [InlineData(ArrayFormat.Repeat, "?expand=data")]
    public async Task Query_OfAProviderWithForms_WritesArraysAsTheyDo(ArrayFormat format, string expected)
    {
        var harness = new RestHarness
        {
            OtherOperations = new Dictionary<string, OperationManifest> { ["other"] = new() { Http = Post(new() { Kind = BodyKind.Form, ArrayFormat = format }) } },
        };
        await harness.RunAsync("""{"expand":["data"]}""");
        Assert.Equal(expected, harness.Sent.Uri.Query);
    }

    [Fact]
    public async Task Query_OfTemplates_IsAllThatIsSent()
    {
        var harness = new RestHarness
        {
            Http = Get("/v1/search") with
            {
                Query = new Dictionary<string, JsonElement> { ["q"] = RestHarness.Json("\"{params.text}\""), ["n"] = RestHarness.Json("5"), ["gone"] = RestHarness.Json("\"{params.none}\"") },
            },
        };

        await harness.RunAsync("""{"text":"a&b=c d+é😀","other":1}""");

        Assert.Equal("?q=a%26b%3Dc%20d%2B%C3%A9%F0%9F%98%80&n=5", harness.Sent.Uri.Query);
    }

    [Theory]
    [InlineData("a\\r\\nX-Evil: 1")]
    [InlineData("a\\nb")]
    [InlineData("a\\u0000b")]
    [InlineData("سلام")]
    [InlineData("a\\u007fb")]
    public async Task Header_ThatCannotBeSent_IsInvalidWithPointer(string value)
    {
        var harness = new RestHarness { Http = Get("/v1") with { Headers = new Dictionary<string, string> { ["X-Tag"] = "tag-{params.tag}" } } };

        var error = (await harness.RunAsync($$"""{"tag":"{{value}}"}""")).Error!;

        Assert.Equal(ErrorCategory.InvalidParams, error.Category);
        Assert.Equal("/tag", Assert.Single(error.Issues).Pointer);
        Assert.Empty(harness.Requests);
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("content-length")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Bad Name")]
    [InlineData("")]
    public async Task Initialize_HeaderThatCannotBeSet_Throws(string name)
    {
        var harness = new RestHarness { Http = Get("/v1") with { Headers = new Dictionary<string, string> { [name] = "x" } } };
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(harness.StartAsync);
        Assert.StartsWith("/operations/op/http/headers", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_OperationOverDefaults_AndContentTypeOnContent()
    {
        var harness = new RestHarness
        {
            Defaults = new() { Headers = new Dictionary<string, string> { ["X-A"] = "default", ["X-B"] = "{config.region}", ["User-Agent"] = "Custom/2" } },
            Http = Post(null) with { Headers = new Dictionary<string, string> { ["x-a"] = "own", ["Content-Type"] = "application/vnd.acme+json", ["X-Gone"] = "{params.none}" } },
        };

        await harness.RunAsync();

        Assert.Equal("own", harness.Sent.Headers["X-A"]);
        Assert.Equal("eu", harness.Sent.Headers["X-B"]);
        Assert.Equal("Custom/2", harness.Sent.Headers["User-Agent"]);
        Assert.Equal("application/vnd.acme+json", harness.Sent.Headers["Content-Type"]);
        Assert.False(harness.Sent.Headers.ContainsKey("X-Gone"));
    }

    [Fact]
    public async Task Idempotency_KeyInHeaderQueryOrBody_IsSent()
    {
        var header = new RestHarness { Operation = new() { Http = Post(null), Idempotency = new() { Header = "Idempotency-Key" } } };
        await header.RunAsync(key: "k-1");
        Assert.Equal("k-1", header.Sent.Headers["Idempotency-Key"]);

        var query = new RestHarness { Operation = new() { Http = Post(null), Idempotency = new() { Query = "requestId" } } };
        await query.RunAsync(key: "k 1");
        Assert.Equal("?requestId=k%201", query.Sent.Uri.Query);

        var body = new RestHarness { Operation = new() { Http = Post(new() { Kind = BodyKind.Form }), Idempotency = new() { Body = "key" } } };
        await body.RunAsync("""{"a":1,"key":"callers"}""", key: "k-1");
        Assert.Equal("a=1&key=k-1", body.Sent.Body);

        var json = new RestHarness { Operation = new() { Http = Post(new() { Kind = BodyKind.Json, Template = RestHarness.Json("""{"a":"{params.a}"}""") }), Idempotency = new() { Body = "key" } } };
        await json.RunAsync("""{"a":1}""", key: "k-1");
        Assert.Equal("""{"a":1,"key":"k-1"}""", json.Sent.Body);
    }

    [Theory]
    [InlineData("POST", true)]
    [InlineData("PATCH", true)]
    [InlineData("GET", false)]
    [InlineData("PUT", false)]
    public async Task Idempotency_Default_AppliesToPostAndPatch(string method, bool expected)
    {
        var harness = new RestHarness { Defaults = new() { Idempotency = new() { Header = "Idempotency-Key" } }, Http = new() { Method = method, Path = "/v1" } };
        await harness.RunAsync(key: "k");
        Assert.Equal(expected, harness.Sent.Headers.ContainsKey("Idempotency-Key"));
    }

    [Fact]
    public async Task Idempotency_KeyWithLineBreak_IsInvalid()
    {
        var harness = new RestHarness { Operation = new() { Http = Post(null), Idempotency = new() { Header = "Idempotency-Key" } } };
        Assert.Equal(ErrorCategory.InvalidParams, (await harness.RunAsync(key: "k\r\nX: y")).Error!.Category);
        Assert.Empty(harness.Requests);
    }

    [Theory]
    [InlineData("""{"x":"half \ud83d"}""")]
    [InlineData("""{"half \ud83d":"x"}""")]
    public async Task Parameters_ThatAreNoUnicode_AreInvalid(string parameters)
    {
        foreach (var kind in new[] { BodyKind.Json, BodyKind.Form, BodyKind.Multipart })
            Assert.Equal(ErrorCategory.InvalidParams, (await new RestHarness { Http = Post(new() { Kind = kind }) }.RunAsync(parameters)).Error!.Category);
    }

    [Fact]
    public async Task Pipe_ThatCannotWork_IsInvalidWithoutTheValue()
    {
        var harness = new RestHarness { Http = Post(new() { Kind = BodyKind.Json, Template = RestHarness.Json("""{"amount":"{params.amount|minor:params.currency}"}""") }) };
        var error = (await harness.RunAsync("""{"amount":"topsecret","currency":"KWD"}""")).Error!;
        Assert.Equal(ErrorCategory.InvalidParams, error.Category);
        Assert.DoesNotContain("topsecret", error.Message, StringComparison.Ordinal);
    }
}
