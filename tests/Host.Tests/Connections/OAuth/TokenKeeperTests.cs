using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

public sealed class TokenKeeperTests
{
    private static OperationResult Refusal => OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unauthenticated, Message = "No.", ProviderStatus = 401 });

    [Fact]
    public async Task Operation_TokenThatLives_AsksNobody()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();

        for (var i = 0; i < 5; i++)
            Assert.Equal(200, (await hub.RunAsync()).Status);

        Assert.Single(hub.Server.TokenRequests);
        Assert.All(hub.Used, token => Assert.Equal("access-1-abcdef", token));
    }

    [Fact]
    public async Task Operation_TwoHundredAtOnceWithAnEndedToken_RefreshOnce()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Time.Advance(TimeSpan.FromMinutes(61));

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => hub.RunAsync())));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(["authorization_code", "refresh_token"], hub.Server.TokenRequests.Select(request => request["grant_type"]));
        Assert.Equal(200, hub.Used.Count);
        Assert.All(hub.Used, token => Assert.Equal("access-2-abcdef", token));
    }

    [Fact]
    public async Task Operation_TwoHundredAtOnceRefusedByTheProvider_RefreshOnce()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Adapter = token => token == "access-1-abcdef" ? Refusal : OperationResult.Success(JsonElement.Parse("{}"), 200);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => hub.RunAsync())));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(2, hub.Server.TokenRequests.Count);
    }

    [Fact]
    public async Task Operation_RefusedAgainWithTheNewToken_IsNotRepeatedMore()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Adapter = _ => Refusal;

        var answer = await hub.RunAsync();

        Assert.Equal(424, answer.Status);
        Assert.Equal(["access-1-abcdef", "access-2-abcdef"], hub.Used);
    }

    [Fact]
    public async Task Operation_WithContentRefused_RenewsButDoesNotRepeat()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Adapter = _ => Refusal;
        using var content = new ByteArrayContent([1, 2, 3]) { Headers = { { "Content-Type", "application/octet-stream" } } };

        using var answer = await hub.Client.PostAsync($"/api/connections/{hub.Id}/operations/upload?params=%7B%7D", content);

        Assert.Equal(424, (int)answer.StatusCode);
        Assert.Single(hub.Used);
        Assert.Equal(2, hub.Server.TokenRequests.Count);
    }

    [Fact]
    public async Task Refresh_NoNewRefreshToken_KeepsTheOldOne()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, """{ "access_token": "again-12345678", "expires_in": 60 }""");

        for (var i = 0; i < 3; i++)
        {
            hub.Time.Advance(TimeSpan.FromHours(2));
            Assert.Equal(200, (await hub.RunAsync()).Status);
        }

        Assert.All(hub.Server.TokenRequests.Skip(1), request => Assert.Equal("refresh-1-abcdef", request["refresh_token"]));
    }

    [Fact]
    public async Task Refresh_RotatedRefreshToken_IsDurableBeforeTheCallGoesOut()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Time.Advance(TimeSpan.FromHours(2));
        string? stored = null;
        hub.Adapter = _ =>
        {
            var connection = hub.Connections.All.Single();
            stored = hub.Get<TokenSealer>().Open(connection, hub.RecordAsync().GetAwaiter().GetResult()).RefreshToken;
            return OperationResult.Success(JsonElement.Parse("{}"), 200);
        };

        Assert.Equal(200, (await hub.RunAsync()).Status);
        Assert.Equal("refresh-2-abcdef", stored);
    }

    [Fact]
    public async Task Refresh_StoreThatTakesNothing_KeepsTheNewTokenForTheNextTry()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Time.Advance(TimeSpan.FromHours(2));
        hub.Tokens.FailingSaves = 4;
        var running = hub.RunAsync();
        for (var i = 0; i < 3; i++)
        {
            await hub.Time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(1));
            hub.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var first = await running;
        var second = await hub.RunAsync();

        Assert.Equal(502, first.Status);
        Assert.True(second.Status == 200, second.Text);
        Assert.Equal(2, hub.Server.TokenRequests.Count);
        Assert.Equal("access-2-abcdef", Assert.Single(hub.Used));
    }

    [Fact]
    public async Task Refresh_InvalidGrant_NeedsAPersonAndSaysSoOnce()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, """{ "error": "invalid_grant", "error_description": "Token was reused" }""", 400);
        hub.Time.Advance(TimeSpan.FromHours(2));

        var answers = new[] { await hub.RunAsync(), await hub.RunAsync(), await hub.RunAsync() };

        Assert.All(answers, answer => Assert.Equal(424, answer.Status));
        Assert.All(answers, answer => Assert.Contains("/oauth/start", answer["detail"], StringComparison.Ordinal));
        Assert.Equal(2, hub.Server.TokenRequests.Count);
        var notice = Assert.Single(hub.Events.All);
        Assert.Equal(("connection.reauthorization_required", hub.Id), (notice.Type, notice.Subject));
        var authorization = (await hub.ReadAsync()).Json.GetProperty("authorization");
        Assert.Equal("reauthorization_required", authorization.GetProperty("state").GetString());
        Assert.Equal("invalid_grant", authorization.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(ConnectionHealthState.NeedsReauthorization, (await FindingAsync(hub))!.State);

        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, """{ "access_token": "anew-12345678", "expires_in": 3600, "refresh_token": "anew-r" }""");
        await hub.AuthorizeAsync();
        Assert.Equal(200, (await hub.RunAsync()).Status);
        Assert.Null(await FindingAsync(hub));
    }

    [Fact]
    public async Task Refresh_FailsForTheMoment_IsNotTriedForThirtySecondsAndTheGoodTokenServes()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        var standard = hub.Server.Answer;
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, "{}", 503);
        hub.Time.Advance(TimeSpan.FromMinutes(50));

        await hub.RefreshDueAsync();
        await hub.RefreshDueAsync();

        Assert.Equal(2, hub.Server.TokenRequests.Count);
        Assert.Equal(200, (await hub.RunAsync()).Status);
        Assert.Equal(ConnectionHealthState.Degraded, (await FindingAsync(hub))!.State);

        hub.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(502, (await hub.RunAsync()).Status);
        Assert.Equal(502, (await hub.RunAsync()).Status);
        Assert.Equal(3, hub.Server.TokenRequests.Count);
        Assert.Equal(ConnectionHealthState.Failing, (await FindingAsync(hub))!.State);

        hub.Server.Answer = standard;
        hub.Time.Advance(TokenKeeper.PauseAfterFailure);
        Assert.Equal(200, (await hub.RunAsync()).Status);
        Assert.Null(await FindingAsync(hub));
        Assert.Empty(hub.Events.All);
    }

    /// <summary>The connection's circuit is about the provider's API, which nobody has asked anything.</summary>
    [Fact]
    public async Task Operation_NoTokenForTheMoment_DoesNotOpenTheCircuit()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        var standard = hub.Server.Answer;
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, "{}", 503);
        hub.Time.Advance(TimeSpan.FromHours(2));
        for (var i = 0; i < 10; i++)
            Assert.Equal(502, (await hub.RunAsync()).Status);

        hub.Server.Answer = standard;
        hub.Time.Advance(TokenKeeper.PauseAfterFailure);

        Assert.Equal(200, (await hub.RunAsync()).Status);
    }

    /// <summary>Who did not answer has not taken the token that seemed refused for good.</summary>
    [Fact]
    public async Task Operation_RefusedThenNoAnswer_StillNeedsAPerson()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, """{ "access_token": "for-ever-12345678" }""");
        await hub.AuthorizeAsync();
        hub.Adapter = _ => Refusal;
        await hub.RunAsync();

        hub.Adapter = _ => OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = "Oops.", ProviderStatus = 503 });

        Assert.Equal(502, (await hub.RunAsync()).Status);
        Assert.Equal("reauthorization_required", State(await hub.ReadAsync()));
    }

    [Fact]
    public async Task Operation_NoRefreshTokenAndRefused_AsksForAPersonAndRecoversWhenTheProviderDoes()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, """{ "access_token": "for-ever-12345678" }""");
        await hub.AuthorizeAsync();
        hub.Adapter = _ => Refusal;

        Assert.Equal(424, (await hub.RunAsync()).Status);
        Assert.Equal("reauthorization_required", State(await hub.ReadAsync()));
        Assert.Equal(424, (await hub.RunAsync()).Status);
        Assert.Single(hub.Events.All);

        hub.Adapter = _ => OperationResult.Success(JsonElement.Parse("{}"), 200);
        Assert.Equal(200, (await hub.RunAsync()).Status);
        Assert.Equal("authorized", State(await hub.ReadAsync()));
    }

    [Fact]
    public async Task Operation_NotAuthorised_SaysHow()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);

        var answer = await hub.RunAsync();

        Assert.Equal(424, answer.Status);
        Assert.Contains($"POST /api/connections/{hub.Id}/oauth/start", answer["detail"], StringComparison.Ordinal);
        Assert.Empty(hub.Server.Requests);
        Assert.Empty(hub.Events.All);
        Assert.Equal("not_authorized", State(await hub.ReadAsync()));
    }

    [Theory]
    [InlineData("""{ "config": { "server": "https://elsewhere.example", "clientSecret": "given-again" } }""")]
    [InlineData("""{ "config": { "clientId": "another" } }""")]
    [InlineData("""{ "overrides": { "baseUrl": "https://elsewhere.example" }, "config": { "clientSecret": "given-again" } }""")]
    public async Task Tokens_ConnectionMovedElsewhere_DoNotFollow(string change)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        change = change.Replace("\"given-again\"", "\"given-again\", \"key\": \"k\"", StringComparison.Ordinal);
        var changed = await hub.Client.SendAsync("PATCH", $"/api/connections/{hub.Id}", change);
        Assert.True(changed.Status == 200, changed.Text);

        Assert.Equal(424, (await hub.RunAsync()).Status);
        Assert.Equal("reauthorization_required", State(await hub.ReadAsync()));
        Assert.Empty(hub.Used);
        Assert.Single(hub.Server.Requests);
    }

    [Fact]
    public async Task MachineToken_PastItsMargin_IsRenewedWhileItServes()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Machine);
        Assert.Equal(200, (await hub.RunAsync()).Status);
        hub.Time.Advance(TimeSpan.FromMinutes(50));

        Assert.Equal(200, (await hub.RunAsync()).Status);
        await hub.Get<TokenKeeper>().DrainAsync(CancellationToken.None);
        Assert.Equal(200, (await hub.RunAsync()).Status);

        Assert.Equal(["access-1-abcdef", "access-1-abcdef", "access-2-abcdef"], hub.Used);
        Assert.Equal(2, hub.Server.TokenRequests.Count);
    }

    [Fact]
    public async Task Version_OfTheConnection_IsNotCountedUpByTokens()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Time.Advance(TimeSpan.FromHours(2));
        await hub.RunAsync();

        Assert.Equal(1, hub.Connections.All.Single().Version);
    }

    [Fact]
    public async Task Secrets_QuotedByTheTokenEndpoint_AreNowhereToBeSeen()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Server.Answer = (request, context) => TokenServer.JsonAsync(
            context,
            JsonSerializer.Serialize(new { error = "invalid_grant", error_description = $"{new string('x', 190)} {request["refresh_token"]} of {OAuthHub.ClientSecret}" }),
            400);
        hub.Time.Advance(TimeSpan.FromHours(2));

        var answer = await hub.RunAsync();

        Assert.Equal(424, answer.Status);
        var connection = await hub.ReadAsync();
        foreach (var text in new[] { answer.Text, connection.Text, hub.Logs.Text, JsonSerializer.Serialize(hub.Audit.Entries), JsonSerializer.Serialize(hub.Events.All) })
        {
            Assert.DoesNotContain("refresh-1", text, StringComparison.Ordinal);
            Assert.DoesNotContain(OAuthHub.ClientSecret, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Secrets_OfAnAuthorisation_AreNowhereToBeSeen()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Adapter = token => OperationResult.Success(JsonSerializer.SerializeToElement(new { echoed = $"you sent {token}" }), 200);
        var echoed = await hub.RunAsync();
        hub.Adapter = token => OperationResult.Failure(new ProviderError { Category = ErrorCategory.ProviderError, Message = $"bad token {token}" });
        var error = await hub.RunAsync();
        var connection = await hub.ReadAsync();

        foreach (var text in new[] { echoed.Text, error.Text, connection.Text, hub.Logs.Text, JsonSerializer.Serialize(hub.Audit.Entries), JsonSerializer.Serialize(hub.Events.All) })
        {
            Assert.DoesNotContain("access-1-abcdef", text, StringComparison.Ordinal);
            Assert.DoesNotContain("refresh-1-abcdef", text, StringComparison.Ordinal);
            Assert.DoesNotContain(OAuthHub.ClientSecret, text, StringComparison.Ordinal);
            Assert.DoesNotContain("the-code", text, StringComparison.Ordinal);
        }

        Assert.Contains("••••", echoed.Text, StringComparison.Ordinal);
        Assert.All(hub.Seen, seen => Assert.False(seen.Auth.TryGetProperty("refreshToken", out _)));
    }

    private static string? State(Answer answer) => answer.Json.GetProperty("authorization").GetProperty("state").GetString();

    private static async Task<HealthFinding?> FindingAsync(OAuthHub hub) => await hub.Get<ConnectionAuthorizations>().FindAsync(hub.Connections.All.Single(), CancellationToken.None);
}
