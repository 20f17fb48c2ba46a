using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Host.Connections.OAuth;

namespace IntegrationHub.Contract.Tests.OAuth;

/// <summary>A person with a browser, the hub, and the certified authorisation server.</summary>
public sealed class AuthorizationCodeTests
{
    [SkippableTheory]
    [InlineData("person", "web")]
    [InlineData("post", "web-post")]
    [InlineData("public", "public")]
    public async Task RoundTrip_AuthorizeCallRefreshRevoke_Works(string auth, string client)
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync(auth, client);
        Assert.Equal(424, (await rig.RunAsync(id)).Status);

        await rig.AuthorizeAsync(id);
        var me = await rig.RunAsync(id);
        Assert.True(me.Status == 200, me.Body.GetRawText());
        Assert.Equal("somebody", me.Body.GetProperty("result").GetProperty("sub").GetString());
        Assert.Equal("authorized", State(await rig.AuthorizationAsync(id)));

        // Twice, so that the second refresh uses the token that the first one brought.
        for (var refreshed = 1; refreshed <= 2; refreshed++)
        {
            rig.Clock.Advance(TimeSpan.FromMinutes(61));
            Assert.Equal(200, (await rig.RunAsync(id)).Status);
            Assert.Equal(refreshed, await rig.CountAsync("refresh_token"));
        }

        var tokens = (await rig.SeenAsync()).Seen.Where(one => one.TryGetProperty("refreshToken", out _)).Select(one => one.GetProperty("refreshToken").GetString()).ToList();
        Assert.Equal(3, tokens.Distinct().Count());

        using var revoked = await rig.Hub.PostAsJsonAsync($"/api/connections/{id}/oauth/revoke", new { });
        Assert.True((await OAuthRig.ReadAsync(revoked)).GetProperty("revoked").GetBoolean());
        Assert.Contains((await rig.SeenAsync()).Seen, one => one.GetProperty("path").ValueEquals("/token/revocation") && one.GetProperty("status").GetInt32() == 200);
        Assert.Equal(424, (await rig.RunAsync(id)).Status);
        Assert.Equal("not_authorized", State(await rig.AuthorizationAsync(id)));
    }

    [SkippableFact]
    public async Task Operations_TwoHundredAtOnceWithATokenThatJustEnded_RefreshOnceAtTheProvider()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        await rig.AuthorizeAsync(id);
        rig.Clock.Advance(TimeSpan.FromMinutes(61));

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => rig.RunAsync(id))));

        Assert.All(answers, answer => Assert.True(answer.Status == 200, answer.Body.GetRawText()));
        Assert.Equal(1, await rig.CountAsync("refresh_token"));
    }

    [SkippableFact]
    public async Task RefreshToken_UsedByAThief_EndsTheGrantAndTheHubSaysSo()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        await rig.AuthorizeAsync(id);
        var stolen = (await rig.SeenAsync()).Seen[0].GetProperty("refreshToken").GetString()!;
        rig.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(200, (await rig.RunAsync(id)).Status);

        Assert.Equal(400, await rig.ReplayAsync(stolen));
        var answer = await rig.RunAsync(id);

        Assert.Equal(424, answer.Status);
        Assert.Contains("/oauth/start", answer.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var authorization = await rig.AuthorizationAsync(id);
        Assert.Equal("reauthorization_required", State(authorization));
        Assert.Equal("invalid_grant", authorization.GetProperty("error").GetProperty("code").GetString());
        var events = await OAuthRig.ReadAsync(await rig.Hub.GetAsync("/api/events?type=hub.connection.reauthorization_required"));
        var told = Assert.Single(events.GetProperty("items").EnumerateArray());
        Assert.Equal(id, told.GetProperty("subject").GetString());

        await rig.AuthorizeAsync(id);
        Assert.Equal(200, (await rig.RunAsync(id)).Status);
    }

    [SkippableFact]
    public async Task Callback_Replayed_SaysThatItIsDoneAndDoesNothing()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        using var browser = new Browser();
        var done = await browser.GoAsync(await rig.StartAuthorizationAsync(id));
        Assert.Equal(200, done.Status);

        var again = await browser.GoAsync(done.Address);
        using var other = new Browser();
        var elsewhere = await other.GoAsync(done.Address);

        Assert.Equal(200, again.Status);
        Assert.Contains("already done", again.Html, StringComparison.Ordinal);

        // Whoever has the state learns that it is used up, and nothing else.
        Assert.Contains("already done", elsewhere.Html, StringComparison.Ordinal);
        Assert.Equal(1, await rig.CountAsync("authorization_code"));
    }

    [SkippableFact]
    public async Task Callback_BroughtByAnotherBrowser_IsRefused()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        using var attacker = new Browser();
        using var victim = new Browser();
        var callback = await attacker.GoAsync(await rig.StartAuthorizationAsync(id), CallbackOf(rig));

        var page = await victim.GoAsync(callback.Address);

        Assert.Equal(400, page.Status);
        Assert.Contains("did not begin", page.Html, StringComparison.Ordinal);
        Assert.Equal(0, await rig.CountAsync("authorization_code"));
        Assert.Equal("not_authorized", State(await rig.AuthorizationAsync(id)));
    }

    [SkippableFact]
    public async Task Code_BoundToAnotherVerifier_IsRefusedByTheProvider()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        using var browser = new Browser
        {
            Before = address => address.AbsolutePath == "/auth" && address.Query.Contains("code_challenge=", StringComparison.Ordinal)
                ? new Uri(System.Text.RegularExpressions.Regex.Replace(address.AbsoluteUri, "code_challenge=[^&]+", "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))
                : address,
        };

        var page = await browser.GoAsync(await rig.StartAuthorizationAsync(id));

        Assert.Equal(400, page.Status);
        Assert.Contains("code_refused", page.Html, StringComparison.Ordinal);
        var exchange = Assert.Single((await rig.SeenAsync()).Seen);
        Assert.Equal("invalid_grant", exchange.GetProperty("error").GetString());
        Assert.Equal("not_authorized", State(await rig.AuthorizationAsync(id)));
    }

    [SkippableFact]
    public async Task Code_Ended_IsRefusedByTheProvider()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        using var browser = new Browser();
        var callback = await browser.GoAsync(await rig.StartAuthorizationAsync(id), CallbackOf(rig));
        await rig.ExpireCodesAsync();

        var page = await browser.GoAsync(callback.Address);

        Assert.Equal(400, page.Status);
        Assert.Equal("invalid_grant", Assert.Single((await rig.SeenAsync()).Seen).GetProperty("error").GetString());
        Assert.Equal("not_authorized", State(await rig.AuthorizationAsync(id)));
    }

    [SkippableTheory]
    [InlineData("iss=https%3A%2F%2Fevil.example")]
    [InlineData("")]
    public async Task Callback_FromAnotherIssuerOrNone_IsRefused(string iss)
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        using var browser = new Browser();
        var callback = await browser.GoAsync(await rig.StartAuthorizationAsync(id), CallbackOf(rig));
        Assert.Contains($"iss={Uri.EscapeDataString(rig.Issuer)}", callback.Address.Query, StringComparison.Ordinal);

        var page = await browser.GoAsync(new Uri(System.Text.RegularExpressions.Regex.Replace(callback.Address.AbsoluteUri, "iss=[^&]+", iss)));

        Assert.Equal(400, page.Status);
        Assert.Contains("another provider", page.Html, StringComparison.Ordinal);
        Assert.Equal(0, await rig.CountAsync("authorization_code"));
    }

    [SkippableFact]
    public async Task Callback_AfterTenMinutes_IsRefused()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        using var browser = new Browser();
        var callback = await browser.GoAsync(await rig.StartAuthorizationAsync(id), CallbackOf(rig));
        rig.Clock.Advance(AuthorizationFlow.Life);

        var page = await browser.GoAsync(callback.Address);

        Assert.Equal(400, page.Status);
        Assert.Equal(0, await rig.CountAsync("authorization_code"));
    }

    [SkippableFact]
    public async Task ReturnUrl_ToAForeignOrigin_IsRefusedBeforeAnythingBegins()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");

        using var refused = await rig.Hub.PostAsJsonAsync($"/api/connections/{id}/oauth/start", new { returnUrl = "https://evil.example/" });
        using var browser = new Browser();
        var own = await browser.GoAsync(await rig.StartAuthorizationAsync(id, new { returnUrl = "/health/live" }));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("/health/live", own.Address.AbsolutePath);
        Assert.Contains("status=authorized", own.Address.Query, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Scopes_NotGranted_AreNamedAndCanBeAskedFor()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        await rig.AuthorizeAsync(id);

        var refused = await rig.RunAsync(id, "write");
        Assert.Equal(403, refused.Status);
        Assert.Contains("api:write", refused.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);

        using var browser = new Browser();
        await browser.GoAsync(await rig.StartAuthorizationAsync(id, new { scopes = new[] { "api:write" } }));
        Assert.Equal(200, (await rig.RunAsync(id, "write")).Status);
        Assert.Equal(
            ["api:read", "api:write", "offline_access", "openid"],
            (await rig.AuthorizationAsync(id)).GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()!).Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task Delete_RevokesWhatWasGranted()
    {
        await using var rig = await OAuthRig.StartAsync();
        var id = await rig.ConnectAsync("person", "web");
        await rig.AuthorizeAsync(id);
        var granted = (await rig.SeenAsync()).Seen[0].GetProperty("refreshToken").GetString()!;

        using var deleted = await rig.Hub.DeleteAsync($"/api/connections/{id}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(400, await rig.ReplayAsync(granted));
        Assert.Contains((await rig.SeenAsync()).Seen, one => one.GetProperty("path").ValueEquals("/token/revocation") && one.GetProperty("hint").ValueEquals("refresh_token"));
    }

    private static string CallbackOf(OAuthRig rig) => new Uri(rig.Hub.BaseAddress!, "/oauth/callback").AbsoluteUri;

    private static string? State(JsonElement authorization) => authorization.GetProperty("state").GetString();
}
