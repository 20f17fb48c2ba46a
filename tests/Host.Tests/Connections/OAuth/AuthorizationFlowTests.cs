using System.Net;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

public sealed class AuthorizationFlowTests
{
    [Fact]
    public async Task Flow_PersonConsents_ConnectionIsAuthorised()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent with
        {
            AccountId = "/account", Extra = new Dictionary<string, string> { ["access_type"] = "offline" }, AlwaysScopes = ["offline_access"],
            Callback = new Dictionary<string, string> { ["realm"] = "realmId" },
        });
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(
            context, """{ "access_token": "access-12345678", "expires_in": 3600, "refresh_token": "refresh-12345678", "scope": "read offline_access", "account": "acc-1" }""");

        var started = await hub.StartFlowAsync();
        var asked = await OAuthHub.OpenAsync(hub.Client, started["authorizationUrl"]!);
        using var page = await hub.Client.GetAsync($"/oauth/callback?code=the-code&state={asked["state"]}&realmId=r-9");

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("code", asked["response_type"]);
        Assert.Equal("client id", asked["client_id"]);
        Assert.Equal("read offline_access", asked["scope"]);
        Assert.Equal("offline", asked["access_type"]);
        Assert.Equal(FlowSecrets.Length, asked["state"].Length);
        Assert.Equal(started["redirectUri"], asked["redirect_uri"]);
        Assert.EndsWith("/oauth/callback", asked["redirect_uri"], StringComparison.Ordinal);
        var authorization = (await hub.ReadAsync()).Json.GetProperty("authorization");
        Assert.Equal("authorized", authorization.GetProperty("state").GetString());
        Assert.Equal("acc-1", authorization.GetProperty("accountId").GetString());
        Assert.Equal(hub.Time.GetUtcNow().AddHours(1), authorization.GetProperty("expiresAt").GetDateTimeOffset());
        Assert.Equal(["read", "offline_access"], authorization.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()!));
        await hub.RunAsync();
        Assert.Equal("r-9", hub.Seen.Single().Auth.GetProperty("realm").GetString());
        Assert.Equal(["read", "offline_access"], hub.Seen.Single().GrantedScopes!);
        Assert.Equal(
            ["connection.authorization_started", "connection.authorized"],
            hub.Audit.Entries.Select(entry => entry.Action).Where(action => action.Contains("authori", StringComparison.Ordinal)));
        var done = hub.Audit.Entries.Single(entry => entry.Action == "connection.authorized");
        Assert.Equal(("key_1", "127.0.0.1"), (done.Actor, done.Address));
    }

    [Fact]
    public async Task Callback_AnotherBrowser_IsRefusedAndTheStateSpent()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        using var victim = hub.Browser();
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync("""{ "returnUrl": "/app" }"""))["authorizationUrl"]!);

        using var stranger = await victim.GetAsync($"/oauth/callback?code=a&state={asked["state"]}");
        using var owner = await hub.Client.GetAsync($"/oauth/callback?code=a&state={asked["state"]}");

        Assert.Equal(HttpStatusCode.BadRequest, stranger.StatusCode);
        Assert.Contains("did not begin", await stranger.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, owner.StatusCode);
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task Callback_AfterTenMinutes_IsRefused()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync())["authorizationUrl"]!);
        hub.Time.Advance(AuthorizationFlow.Life);

        using var late = await hub.Client.GetAsync($"/oauth/callback?code=a&state={asked["state"]}");

        Assert.Equal(HttpStatusCode.BadRequest, late.StatusCode);
        Assert.Contains("ten minutes", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task Pending_NobodyComesBack_IsClearedAway()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.StartFlowAsync();
        hub.Time.Advance(AuthorizationFlow.Life);
        await hub.RefreshDueAsync();

        Assert.Equal(0, hub.Get<InMemoryPendingAuthorizationStore>().Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("state=")]
    [InlineData("state=x")]
    [InlineData("code=a")]
    [InlineData("state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&code=a")]
    [InlineData("state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("state=%00%0d%0aSet-Cookie:a=b&code=<script>alert(1)</script>&error=<img>&error_description=<script>")]
    public async Task Callback_OutOfTheBlue_IsAPageThatRepeatsNothing(string query)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);

        using var answer = await hub.Client.GetAsync("/oauth/callback?" + query);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain("<script>", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(hub.Server.Requests);
    }

    [Theory]
    [InlineData("iss=https%3A%2F%2Fevil.example&code=a")]
    [InlineData("iss=https%3A%2F%2Fhonest.example%2F&code=a")]
    [InlineData("iss=https%3A%2F%2Fevil.example&error=access_denied")]
    public async Task Callback_AnotherIssuer_IsRefused(string query)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent with { Issuer = "https://honest.example" });
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync())["authorizationUrl"]!);

        using var mixed = await hub.Client.GetAsync($"/oauth/callback?state={asked["state"]}&{query}");

        Assert.Equal(HttpStatusCode.BadRequest, mixed.StatusCode);
        Assert.Contains("another provider", await mixed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task Callback_IssuerThatPromisesToNameItselfAndDoesNot_IsRefused()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent with { TokenUrl = null, Issuer = "{config.server}" });
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(
            context, $$"""{ "issuer": "{{hub.Server.Address}}", "token_endpoint": "{{hub.Server.Address}}/token", "authorization_response_iss_parameter_supported": true }""");
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync())["authorizationUrl"]!);

        using var silent = await hub.Client.GetAsync($"/oauth/callback?state={asked["state"]}&code=a");

        Assert.Equal(HttpStatusCode.BadRequest, silent.StatusCode);
        Assert.Empty(hub.Server.TokenRequests);
    }

    [Theory]
    [InlineData("/oauth/callback/other")]
    [InlineData("/oauth/callback")] // where nobody can be told apart
    public async Task Callback_PerProvider_TellsProvidersApart(string callback)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent, options => options.CallbackPerProvider = true);
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync())["authorizationUrl"]!);
        Assert.EndsWith("/oauth/callback/acme", asked["redirect_uri"], StringComparison.Ordinal);

        using var mixed = await hub.Client.GetAsync($"{callback}?state={asked["state"]}&code=a");

        Assert.Equal(HttpStatusCode.BadRequest, mixed.StatusCode);
        Assert.Empty(hub.Server.Requests);
    }

    [Theory]
    [InlineData("https://app.example/done?x=1", "https://app.example/done?x=1&connection=")]
    [InlineData("/ui/connections", "/ui/connections?connection=")]
    public async Task ReturnUrl_Allowed_IsWhereTheBrowserGoes(string url, string location)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent, options => options.ReturnOrigins.Add("https://app.example"));

        using var answer = await hub.AuthorizeAsync(hub.Client, JsonSerializer.Serialize(new { returnUrl = url }));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal($"{location}{hub.Id}&status=authorized", answer.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://app.example.evil.example/")]
    [InlineData("https://app.example@evil.example/")]
    [InlineData("https://app.example:8443/")]
    [InlineData("http://app.example/")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("https:\\\\app.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("/\n/evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("https://app.exаmple/")]
    [InlineData("relative")]
    [InlineData("")]
    public async Task ReturnUrl_Elsewhere_IsRefused(string url)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent, options => options.ReturnOrigins.Add("https://app.example"));

        var answer = await hub.StartFlowAsync(JsonSerializer.Serialize(new { returnUrl = url }));

        Assert.Equal(400, answer.Status);
        Assert.Equal(["/returnUrl"], answer.Pointers);
    }

    [Fact]
    public async Task ReturnUrl_ProviderRefuses_GoesBackWithTheHubsOwnWord()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync("""{ "returnUrl": "/app" }"""))["authorizationUrl"]!);

        using var answer = await hub.Client.GetAsync($"/oauth/callback?state={asked["state"]}&error=access_denied&error_description=evil");

        Assert.Equal($"/app?connection={hub.Id}&status=failed&error=denied", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task StartAddress_OpensInOneBrowserOnly()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        using var other = hub.Browser();
        var url = (await hub.StartFlowAsync())["authorizationUrl"]!;
        using var looked = await other.GetAsync(url);
        await OAuthHub.OpenAsync(hub.Client, url);

        using var again = await hub.Client.GetAsync(url);
        using var late = await other.PostAsync(url, new FormUrlEncodedContent([new("confirm", OAuthHub.ConfirmIn(await looked.Content.ReadAsStringAsync()))]));

        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, late.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task StartForm_SentByAnotherSite_IsRefused(string? confirm)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var url = (await hub.StartFlowAsync())["authorizationUrl"]!;
        using var page = await hub.Client.GetAsync(url);

        using var answer = await hub.Client.PostAsync(url, confirm is null ? null : new FormUrlEncodedContent([new("confirm", confirm)]));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
    }

    [Fact]
    public async Task StartPage_NamesWhatIsAskedAndSetsAStrictCookie()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        using var page = await hub.Client.GetAsync((await hub.StartFlowAsync())["authorizationUrl"]!);
        var html = await page.Content.ReadAsStringAsync();

        Assert.Contains("Read things", html, StringComparison.Ordinal);
        Assert.Contains("the-key", html, StringComparison.Ordinal);
        var cookie = page.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("max-age=600", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task StartPage_SwitchedOff_LeadsToTheProviderAtOnce()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent, options => options.ConfirmStart = false);

        using var left = await hub.Client.GetAsync((await hub.StartFlowAsync())["authorizationUrl"]!);

        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);
        Assert.StartsWith(hub.Server.Address + "/authorize?", left.Headers.Location!.AbsoluteUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_MoreScopes_KeepsThoseGranted()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        var missing = await hub.RunAsync("change");
        Assert.Equal(403, missing.Status);
        Assert.Equal("missing_scope", missing["code"]);
        Assert.Contains("write", missing["detail"], StringComparison.Ordinal);
        Assert.Contains("/oauth/start", missing["detail"], StringComparison.Ordinal);

        using var answer = await hub.AuthorizeAsync(hub.Client, """{ "scopes": ["write"] }""");

        Assert.Equal(["read", "write"], (await hub.ReadAsync()).Json.GetProperty("grantedScopes").EnumerateArray().Select(scope => scope.GetString()!));
        Assert.Equal(200, (await hub.RunAsync("change")).Status);
    }

    [Theory]
    [InlineData("""["wirte"]""")]
    [InlineData("""["read write"]""")]
    [InlineData("""[""]""")]
    public async Task Start_ScopeThatIsNone_IsRefused(string scopes)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);

        var answer = await hub.StartFlowAsync($$"""{ "scopes": {{scopes}} }""");

        Assert.Equal(400, answer.Status);
        Assert.Equal(["/scopes/0"], answer.Pointers);
    }

    [Fact]
    public async Task Start_WayThatNeedsNobody_IsAConflict()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine);

        Assert.Equal(409, (await hub.StartFlowAsync()).Status);
    }

    [Fact]
    public async Task StartAndRevoke_AnotherProjectsConnection_IsNotThere()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Caller = new Caller("key_2", "other", HubRole.Developer, new HashSet<string> { "elsewhere" });

        Assert.Equal(404, (await hub.StartFlowAsync()).Status);
        Assert.Equal(404, (await hub.Client.SendAsync("POST", $"/api/connections/{hub.Id}/oauth/revoke")).Status);
        Assert.NotNull(await hub.RecordAsync());
    }

    [Fact]
    public async Task Callback_ConnectionMovedMeanwhile_GetsNothing()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync())["authorizationUrl"]!);
        await using var elsewhere = await TokenServer.StartAsync();
        var moved = await hub.Client.SendAsync(
            "PATCH", $"/api/connections/{hub.Id}", JsonSerializer.Serialize(new { config = new { server = elsewhere.Address, clientSecret = "known", key = "known" } }));
        Assert.True(moved.Status == 200, moved.Text);

        using var answer = await hub.Client.GetAsync($"/oauth/callback?state={asked["state"]}&code=a");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(elsewhere.Requests);
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task Callback_CodeThatTheProviderRefuses_LeavesNothing()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, """{ "error": "invalid_grant", "error_description": "expired" }""", 400);

        using var answer = await hub.AuthorizeAsync(hub.Client);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(await hub.Tokens.GetAsync(hub.Id, CancellationToken.None));
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "connection.authorization_failed");
    }
}
