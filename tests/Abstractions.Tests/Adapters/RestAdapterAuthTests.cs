using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Abstractions.Tests.Adapters;

public sealed class RestAdapterAuthTests
{
    private static ApplyManifest Header(string name, string value) => new() { Headers = new Dictionary<string, string> { [name] = value } };

    [Fact]
    public async Task ApiKey_InHeadersAndQuery_IsApplied()
    {
        var harness = new RestHarness
        {
            Auth = [new() { Type = AuthType.ApiKey, Apply = new() { Headers = new Dictionary<string, string> { ["X-Key"] = "{config.secretKey}" }, Query = new Dictionary<string, string> { ["k"] = "{config.region} 1" } } }],
        };
        await harness.RunAsync("""{"a":1}""");
        Assert.Equal(RestHarness.Secret, harness.Sent.Headers["X-Key"]);
        Assert.Equal("?a=1&k=eu%201", harness.Sent.Uri.Query);
    }

    [Fact]
    public async Task Basic_UserAndPassword_AreUtf8()
    {
        var harness = new RestHarness { Config = RestHarness.Json("""{"user":"مستخدم","pass":"p:1"}"""), Auth = [new() { Type = AuthType.Basic, Username = "{config.user}", Password = "{config.pass}" }] };
        await harness.RunAsync();
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("مستخدم:p:1")), harness.Sent.Headers["Authorization"]);
    }

    [Fact]
    public async Task Basic_WithoutPassword_HasAnEmptyOne()
    {
        var harness = new RestHarness { Config = RestHarness.Json("""{"key":"k"}"""), Auth = [new() { Type = AuthType.Basic, Username = "{config.key}" }] };
        await harness.RunAsync();
        Assert.Equal("Basic " + Convert.ToBase64String("k:"u8), harness.Sent.Headers["Authorization"]);
    }

    [Fact]
    public async Task Bearer_WithFurtherHeaders_AppliesBoth()
    {
        var harness = new RestHarness { Auth = [new() { Type = AuthType.Bearer, Token = "{config.secretKey}", Apply = Header("X-Version", "{config.version|default:2}") }] };
        await harness.RunAsync();
        Assert.Equal("Bearer " + RestHarness.Secret, harness.Sent.Headers["Authorization"]);
        Assert.Equal("2", harness.Sent.Headers["X-Version"]);
    }

    [Theory]
    [InlineData(null, "Bearer tok-123")]
    [InlineData("Zoho-oauthtoken {auth.accessToken}", "Zoho-oauthtoken tok-123")]
    public async Task Oauth2_Token_IsBearerUnlessAppliedOtherwise(string? apply, string expected)
    {
        var harness = new RestHarness
        {
            AuthValues = RestHarness.Json("""{"accessToken":"tok-123"}"""),
            Auth = [new() { Type = AuthType.Oauth2, TokenUrl = "https://x.test", Apply = apply is null ? null : Header("Authorization", apply) }],
        };
        await harness.RunAsync();
        Assert.Equal(expected, harness.Sent.Headers["Authorization"]);
    }

    [Fact]
    public async Task JwtBearer_TokenThatTheHostObtained_IsBearer()
    {
        var harness = new RestHarness
        {
            AuthValues = RestHarness.Json("""{"accessToken":"tok-123"}"""),
            Auth = [new() { Type = AuthType.JwtBearer, TokenUrl = "https://x.test", Assertion = new() { Issuer = "me", PrivateKey = "{config.region}" } }],
        };
        await harness.RunAsync();
        Assert.Equal("Bearer tok-123", harness.Sent.Headers["Authorization"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"accessToken":""}""")]
    [InlineData("""{"accessToken":null}""")]
    public async Task Oauth2_WithoutToken_AsksForAuthorisation(string? auth)
    {
        var harness = new RestHarness { AuthValues = auth is null ? default : RestHarness.Json(auth), Auth = [new() { Type = AuthType.Oauth2 }] };
        var error = (await harness.RunAsync()).Error!;
        Assert.Equal(ErrorCategory.Unauthenticated, error.Category);
        Assert.Contains("authorise", error.Message, StringComparison.Ordinal);
        Assert.Empty(harness.Requests);
    }

    [Fact]
    public async Task Choice_FirstSatisfied_OrTheNamedOne()
    {
        var harness = new RestHarness
        {
            Auth =
            [
                new() { Type = AuthType.Basic, Username = "{config.absent}" },
                new() { Id = "key", Type = AuthType.ApiKey, Apply = Header("X-Way", "key {config.region}") },
                new() { Id = "other", Type = AuthType.ApiKey, Apply = Header("X-Way", "other {config.region}") },
            ],
        };
        await harness.RunAsync();
        harness.AuthId = "other";
        await harness.RunAsync();
        Assert.Equal(["key eu", "other eu"], harness.Requests.Select(request => request.Headers["X-Way"]));

        harness.AuthId = "basic";
        Assert.Contains("absent", (await harness.RunAsync()).Error!.Message, StringComparison.Ordinal);
        harness.AuthId = "unknown";
        Assert.Equal(ErrorCategory.Unauthenticated, (await harness.RunAsync()).Error!.Category);
        Assert.Equal(2, harness.Requests.Count);
    }

    [Fact]
    public async Task Choice_NoneSatisfied_NamesTheMissingFields()
    {
        var harness = new RestHarness { Config = RestHarness.Json("""{"secretKey":""}"""), Auth = [new() { Type = AuthType.Bearer, Token = "{config.secretKey}" }] };
        var error = (await harness.RunAsync()).Error!;
        Assert.Equal(ErrorCategory.Unauthenticated, error.Category);
        Assert.Contains("secretKey", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_WithLineBreak_IsRefusedWithoutShowingIt()
    {
        var harness = new RestHarness { Config = RestHarness.Json("""{"secretKey":"abc\r\nX-Evil: 1"}"""), Auth = [new() { Type = AuthType.Bearer, Token = "{config.secretKey}" }] };
        var error = (await harness.RunAsync()).Error!;
        Assert.DoesNotContain("abc", error.Message, StringComparison.Ordinal);
        Assert.Empty(harness.Requests);
    }

    [Theory]
    [InlineData(AuthType.AwsSigv4)]
    [InlineData(AuthType.JwtBearer)]
    [InlineData(AuthType.Custom)]
    public async Task Initialize_OnlyWaysThatNeedCode_Throws(AuthType type)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(new RestHarness { Auth = [new() { Type = type }] }.StartAsync);
        Assert.StartsWith("/auth", exception.Message, StringComparison.Ordinal);

        await new RestHarness { Auth = [new() { Type = type }], Entry = new() { Assembly = "a.dll", Type = "A" } }.StartAsync();
        var mixed = new RestHarness { Auth = [new() { Type = type }, new() { Type = AuthType.None }] };
        Assert.True((await mixed.RunAsync()).Succeeded);
    }

    [Theory]
    [InlineData(AuthType.Basic)]
    [InlineData(AuthType.Bearer)]
    [InlineData(AuthType.ApiKey)]
    public async Task Initialize_IncompleteWay_Throws(AuthType type) =>
        await Assert.ThrowsAsync<InvalidOperationException>(new RestHarness { Auth = [new() { Type = type }] }.StartAsync);

    [Fact]
    public async Task Initialize_BadTemplate_SaysWhere()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(
            new RestHarness { Auth = [new() { Type = AuthType.Bearer, Token = "{config.key|lowr}" }] }.StartAsync);
        Assert.StartsWith("/auth/0/token: \"lowr\"", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_OperationWithoutHttpOrCode_Throws() =>
        await Assert.ThrowsAsync<InvalidOperationException>(new RestHarness { Operation = new() }.StartAsync);

    [Fact]
    public async Task Execute_OperationLeftToCode_IsNotFound() =>
        Assert.Equal(ErrorCategory.NotFound, (await new RestHarness { Operation = new(), Entry = new() { Assembly = "a.dll", Type = "A" } }.RunAsync()).Error!.Category);
}
