using System.Text;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

public sealed class TokenAnswerTests
{
    private static readonly AuthManifest Plain = new() { Type = AuthType.Oauth2 };

    [Fact]
    public void Read_AsTheRfcSays_HasEverything()
    {
        var grant = Read(Plain, """{ "access_token": "a-1", "token_type": "bearer", "expires_in": 3600, "refresh_token": "r-1", "scope": "read write", "id_token": "x.y.z" }""");

        Assert.Equal("a-1", grant.Tokens.AccessToken);
        Assert.Equal("r-1", grant.Tokens.RefreshToken);
        Assert.Equal(TimeSpan.FromHours(1), grant.Lifetime);
        Assert.Equal(["read", "write"], grant.Scopes!);
        Assert.Empty(grant.Tokens.Values);
    }

    [Fact]
    public void Read_FormAsGitHubAnswersIt_IsRead()
    {
        var way = Plain with { Answer = new TokenAnswerManifest { ScopeSeparator = "," } };

        var grant = Read(way, "access_token=gho_16C7&scope=repo%2Cgist&token_type=bearer", mediaType: "application/x-www-form-urlencoded");

        Assert.Equal("gho_16C7", grant.Tokens.AccessToken);
        Assert.Equal(["repo", "gist"], grant.Scopes!);
        Assert.Null(grant.Lifetime);
        Assert.Null(grant.Tokens.RefreshToken);
    }

    [Fact]
    public void Read_UserTokenAsSlackNestsIt_IsFoundByItsPointers()
    {
        var way = Plain with
        {
            ScopeSeparator = ",",
            AccountId = "/team/id",
            Answer = new TokenAnswerManifest
            {
                AccessToken = ["/authed_user/access_token", "/access_token"], Scope = ["/authed_user/scope", "/scope"],
                Values = new Dictionary<string, string> { ["userId"] = "/authed_user/id" },
            },
        };

        var grant = Read(way, """{ "ok": true, "token_type": "bot", "team": { "id": "T9" }, "authed_user": { "id": "U1", "scope": "chat:write,users:read", "access_token": "xoxp-1" } }""");
        var refreshed = Read(way, """{ "ok": true, "access_token": "xoxe-2", "expires_in": 43200 }""");

        Assert.Equal("xoxp-1", grant.Tokens.AccessToken);
        Assert.Equal("T9", grant.AccountId);
        Assert.Equal("U1", grant.Tokens.Values["userId"]);
        Assert.Equal(["chat:write", "users:read"], grant.Scopes!);
        Assert.Equal("xoxe-2", refreshed.Tokens.AccessToken);
    }

    [Theory]
    [InlineData("\"3600\"", 3600)]
    [InlineData("3600.0", 3600)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("null", null)]
    [InlineData("\"soon\"", null)]
    [InlineData("1e300", null)]
    [InlineData("99999999999999", null)]
    public void Read_Lifetime_IsSecondsOrNotSaid(string written, int? seconds) =>
        Assert.Equal(seconds is { } known ? TimeSpan.FromSeconds(known) : null, Read(Plain, $$"""{ "access_token": "a", "expires_in": {{written}} }""").Lifetime);

    [Theory]
    [InlineData("""[ "a", "b", "a", 3 ]""", new[] { "a", "b" })]
    [InlineData("\"a  b\\ta\"", new[] { "a", "b" })]
    [InlineData("\"\"", new string[0])]
    public void Read_Scopes_AreATextOrAnArray(string written, string[] scopes) =>
        Assert.Equal(scopes, Read(Plain, $$"""{ "access_token": "a", "scope": {{written}} }""").Scopes!);

    [Fact]
    public void Read_NoScope_IsNotKnown() => Assert.Null(Read(Plain, """{ "access_token": "a" }""").Scopes);

    [Theory]
    [InlineData(400, """{ "error": "invalid_grant", "error_description": "Token has been expired or revoked." }""", OAuthFaultKind.Reauthorize, "invalid_grant")]
    [InlineData(200, """{ "error": "bad_refresh_token", "error_description": "It is expired." }""", OAuthFaultKind.Reauthorize, "bad_refresh_token")]
    [InlineData(200, """{ "ok": false, "error": "invalid_refresh_token" }""", OAuthFaultKind.Reauthorize, "invalid_refresh_token")]
    [InlineData(400, """{ "error": "interaction_required" }""", OAuthFaultKind.Reauthorize, "interaction_required")]
    [InlineData(401, """{ "error": "invalid_client" }""", OAuthFaultKind.Refused, "invalid_client")]
    [InlineData(200, """{ "ok": false, "error": "invalid_client_id" }""", OAuthFaultKind.Refused, "invalid_client_id")]
    [InlineData(400, """{ "error": "invalid_scope" }""", OAuthFaultKind.Refused, "invalid_scope")]
    [InlineData(400, """{ "message": "Bad" }""", OAuthFaultKind.Refused, "refused")]
    [InlineData(302, "", OAuthFaultKind.Refused, "redirected")]
    [InlineData(400, """{ "error": "temporarily_unavailable" }""", OAuthFaultKind.Transient, "temporarily_unavailable")]
    [InlineData(503, """{ "error": "server_error" }""", OAuthFaultKind.Transient, "server_error")]
    [InlineData(500, "<html>", OAuthFaultKind.Transient, "unavailable")]
    [InlineData(429, "", OAuthFaultKind.Transient, "unavailable")]
    [InlineData(200, "<html>Sign in</html>", OAuthFaultKind.Transient, "invalid_answer")]
    [InlineData(200, "", OAuthFaultKind.Transient, "invalid_answer")]
    [InlineData(200, "{", OAuthFaultKind.Transient, "invalid_answer")]
    [InlineData(200, "[]", OAuthFaultKind.Transient, "invalid_answer")]
    [InlineData(200, """{ "access_token": 5 }""", OAuthFaultKind.Transient, "invalid_answer")]
    [InlineData(200, """{ "access_token": "a\r\nX: y" }""", OAuthFaultKind.Transient, "invalid_answer")]
    [InlineData(200, """{ "access_token": "a", "token_type": "DPoP" }""", OAuthFaultKind.Refused, "unsupported_token_type")]
    internal void Read_NoToken_IsAnErrorOfItsKind(int status, string body, OAuthFaultKind kind, string code)
    {
        var fault = Assert.Throws<OAuthException>(() => Read(Plain with { ReauthorizeOn = ["bad_refresh_token", "invalid_refresh_token"] }, body, status));

        Assert.Equal((kind, code), (fault.Kind, fault.Code));
    }

    [Fact]
    public void Read_ErrorAsHubSpotPutsIt_IsFoundByItsPointers()
    {
        var way = Plain with { ReauthorizeOn = ["BAD_REFRESH_TOKEN"], Answer = new TokenAnswerManifest { Error = ["/error", "/status"], ErrorDescription = ["/message"] } };

        var fault = Assert.Throws<OAuthException>(() => Read(way, """{ "status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token" }""", 400));

        Assert.Equal((OAuthFaultKind.Reauthorize, "BAD_REFRESH_TOKEN"), (fault.Kind, fault.Code));
        Assert.Contains("missing or invalid refresh token", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WordsOfTheProvider_ArePrintableAndShort()
    {
        var fault = Assert.Throws<OAuthException>(() => Read(Plain, $$"""{ "error": "invalid_client", "error_description": "line\r\n\u202Eevil{{new string('x', 5000)}}" }""", 400));

        Assert.DoesNotContain('\n', fault.Message);
        Assert.DoesNotContain('\u202e', fault.Message);
        Assert.InRange(fault.Message.Length, 50, 400);
    }

    private static TokenGrant Read(AuthManifest manifest, string body, int status = 200, string mediaType = "application/json") =>
        new TokenAnswerReader(manifest).Read(status, mediaType, Encoding.UTF8.GetBytes(body), null, ofGrant: true, sent: []);
}
