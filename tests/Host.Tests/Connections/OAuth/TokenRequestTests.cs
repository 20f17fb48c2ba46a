using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

/// <summary>What goes to token endpoints.</summary>
public sealed class TokenRequestTests
{
    [Fact]
    public async Task ClientCredentials_Basic_EncodesBothHalvesAsForms()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine with { Scopes = new Dictionary<string, LocalizedText> { ["a"] = new("A"), ["b"] = new("B") }, Audience = "https://api.example/" });

        Assert.Equal(200, (await hub.RunAsync()).Status);

        var request = Assert.Single(hub.Server.Requests);
        Assert.Equal("Basic " + Convert.ToBase64String("client+id:client%3Asecret%2F%2B+%25%C3%A9"u8), request.Authorization);
        Assert.Equal("application/x-www-form-urlencoded", request.ContentType);
        Assert.Equal("client_credentials", request["grant_type"]);
        Assert.Equal("a b", request["scope"]);
        Assert.Equal("https://api.example/", request["audience"]);
        Assert.Null(request["client_secret"]);
    }

    [Fact]
    public async Task ClientCredentials_Body_SendsFields()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine with { TokenAuth = "body", TokenParams = new Dictionary<string, string> { ["resource"] = "{config.server}/api" } });

        await hub.RunAsync();

        var request = Assert.Single(hub.Server.Requests);
        Assert.Null(request.Authorization);
        Assert.Equal("client id", request["client_id"]);
        Assert.Equal(OAuthHub.ClientSecret, request["client_secret"]);
        Assert.Equal($"{hub.Server.Address}/api", request["resource"]);
    }

    [Fact]
    public async Task Code_PublicClient_SendsIdAndVerifierAlone()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent with { TokenAuth = "none" });
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync())["authorizationUrl"]!);
        using var back = await hub.Client.GetAsync($"/oauth/callback?code=c&state={asked["state"]}");

        var request = Assert.Single(hub.Server.Requests);
        Assert.Null(request.Authorization);
        Assert.Null(request["client_secret"]);
        Assert.Equal("client id", request["client_id"]);
        Assert.Equal("authorization_code", request["grant_type"]);
        Assert.Equal(asked["redirect_uri"], request["redirect_uri"]);
        Assert.Equal("S256", asked["code_challenge_method"]);
        Assert.Equal(asked["code_challenge"], Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(request["code_verifier"]!))));
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("ES256")]
    public async Task JwtBearer_Assertion_IsSignedAndSaysWhoForWhomAndHowLong(string algorithm)
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = algorithm == "ES256" ? ec.ExportPkcs8PrivateKeyPem() : rsa.ExportPkcs8PrivateKeyPem();
        var file = JsonSerializer.Serialize(new { client_email = "robot@example.com", private_key = pem.Replace("\n", "\\n", StringComparison.Ordinal), private_key_id = "k1" });
        var way = new AuthManifest
        {
            Type = AuthType.JwtBearer,
            TokenUrl = "{config.server}/token",
            Scopes = new Dictionary<string, LocalizedText> { ["calendar"] = new("Calendar") },
            Assertion = new AssertionManifest
            {
                Credentials = "{config.key}", Algorithm = algorithm, Subject = "someone@example.com", ScopeIn = "claim", Lifetime = TimeSpan.FromHours(1),
                Claims = new Dictionary<string, string> { ["tenant"] = "t1" },
            },
        };
        await using var hub = await OAuthHub.StartAsync(way, key: file);

        var answer = await hub.RunAsync();

        Assert.True(answer.Status == 200, answer.Text);
        var request = Assert.Single(hub.Server.Requests);
        Assert.Equal("urn:ietf:params:oauth:grant-type:jwt-bearer", request["grant_type"]);
        Assert.Null(request["scope"]);
        var parts = request["assertion"]!.Split('.');
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var signature = Base64Url.DecodeFromChars(parts[2]);
        Assert.True(algorithm switch
        {
            "ES256" => ec.VerifyData(signed, signature, HashAlgorithmName.SHA256),
            "PS256" => rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            _ => rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        });
        var header = JsonElement.Parse(Base64Url.DecodeFromChars(parts[0]));
        var claims = JsonElement.Parse(Base64Url.DecodeFromChars(parts[1]));
        Assert.Equal((algorithm, "k1"), (header.GetProperty("alg").GetString(), header.GetProperty("kid").GetString()));
        Assert.Equal("robot@example.com", claims.GetProperty("iss").GetString());
        Assert.Equal("someone@example.com", claims.GetProperty("sub").GetString());
        Assert.Equal($"{hub.Server.Address}/token", claims.GetProperty("aud").GetString());
        Assert.Equal("calendar", claims.GetProperty("scope").GetString());
        Assert.Equal("t1", claims.GetProperty("tenant").GetString());
        Assert.Equal(3600, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        Assert.InRange(hub.Time.GetUtcNow().ToUnixTimeSeconds() - claims.GetProperty("iat").GetInt64(), 0, 60);
    }

    [Theory]
    [InlineData("no pem at all")]
    [InlineData("""{ "client_email": "a@example.com", "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" }""")]
    [InlineData("""{ "client_email": "a@example.com" }""")]
    [InlineData("[]")]
    public async Task JwtBearer_KeyThatIsNone_SaysSoWithoutIt(string file)
    {
        var way = new AuthManifest { Type = AuthType.JwtBearer, TokenUrl = "{config.server}/token", Assertion = new AssertionManifest { Credentials = "{config.key}" } };
        await using var hub = await OAuthHub.StartAsync(way, key: file);

        var answer = await hub.RunAsync();

        Assert.Equal(424, answer.Status);
        Assert.DoesNotContain("AAAA", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("AAAA", hub.Logs.Text, StringComparison.Ordinal);
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task Endpoints_LeftOut_ComeFromTheIssuersMetadata()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine with { TokenUrl = null, Issuer = "{config.server}/tenant" });
        var standard = hub.Server.Answer;
        hub.Server.Answer = (request, context) => request.Path switch
        {
            "/.well-known/oauth-authorization-server/tenant" => TokenServer.JsonAsync(
                context, $$"""{ "issuer": "{{hub.Server.Address}}/tenant", "token_endpoint": "{{hub.Server.Address}}/token", "revocation_endpoint": "{{hub.Server.Address}}/revoke" }"""),
            "/token" => standard(request, context),
            _ => TokenServer.JsonAsync(context, "{}", 404),
        };

        Assert.Equal(200, (await hub.RunAsync()).Status);
        hub.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(200, (await hub.RunAsync()).Status);

        Assert.Equal(["/tenant/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/tenant", "/token"], hub.Server.Requests.Select(request => request.Path).Take(3));
    }

    [Theory]
    [InlineData("https://honest.example")]
    [InlineData("")]
    public async Task Endpoints_MetadataOfAnotherIssuer_IsNotUsed(string issuer)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine with { TokenUrl = null, Issuer = "{config.server}" });
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, $$"""{ "issuer": "{{issuer}}", "token_endpoint": "{{hub.Server.Address}}/token" }""");

        var answer = await hub.RunAsync();

        Assert.Equal(424, answer.Status);
        Assert.Equal("issuer_mismatch", answer.Json.GetProperty("provider").GetProperty("code").GetString());
        Assert.Empty(hub.Server.TokenRequests);
    }

    [Fact]
    public async Task TokenEndpoint_OnAHostThatIsNotAllowed_IsNotCalled()
    {
        await using var other = await TokenServer.StartAsync();
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine with { TokenUrl = other.Address + "/token" });

        var answer = await hub.RunAsync();

        Assert.Equal(424, answer.Status);
        Assert.Equal("egress_denied", answer.Json.GetProperty("provider").GetProperty("code").GetString());
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task TokenEndpoint_ThatRedirects_IsNotFollowedWithCredentials()
    {
        await using var other = await TokenServer.StartAsync();
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine);
        hub.Server.Answer = (_, context) =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = other.Address + "/token";
            return Task.CompletedTask;
        };

        Assert.Equal(424, (await hub.RunAsync()).Status);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task TokenEndpoint_AnswersTenMegabytes_IsBrokenOff()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine);
        hub.Server.Answer = async (_, context) =>
        {
            context.Response.ContentType = "application/json";
            var block = new byte[64 * 1024];
            for (var i = 0; i < 160; i++)
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
        };

        var answer = await hub.RunAsync();

        Assert.Equal(502, answer.Status);
        Assert.Contains("more than any token answer", answer["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenEndpoint_ThatIsGone_IsAFaultThatPasses()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine);
        await hub.Server.DisposeAsync();

        var answer = await hub.RunAsync();

        Assert.Equal(502, answer.Status);
        Assert.Equal("30", answer.Headers.GetValues("Retry-After").Single());
        Assert.Equal("unavailable", answer.Json.GetProperty("provider").GetProperty("code").GetString());
    }

    [Fact]
    public async Task TokenEndpoint_ThatNeverAnswers_IsGivenUpAfterThirtySeconds()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine);
        var arrived = new TaskCompletionSource();
        hub.Server.Answer = (_, context) =>
        {
            arrived.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        var running = hub.RunAsync();
        await arrived.Task;
        hub.Time.Advance(OAuthExchange.Timeout);

        var answer = await running;

        Assert.Equal(502, answer.Status);
        Assert.Equal("timeout", answer.Json.GetProperty("provider").GetProperty("code").GetString());
    }
}
