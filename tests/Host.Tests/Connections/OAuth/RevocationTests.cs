using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

public sealed class RevocationTests
{
    [Fact]
    public async Task Revoke_BothTokensAtTheProvider_ThenForgets()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();

        var answer = await RevokeAsync(hub);

        Assert.Equal(200, answer.Status);
        Assert.Equal("true", answer["revoked"]);
        Assert.Equal(
            [("refresh-1-abcdef", "refresh_token"), ("access-1-abcdef", "access_token")],
            hub.Server.Requests.Where(request => request.Path == "/revoke").Select(request => (request["token"], request["token_type_hint"])));
        Assert.Equal("not_authorized", (await hub.ReadAsync()).Json.GetProperty("authorization").GetProperty("state").GetString());
        Assert.Equal(424, (await hub.RunAsync()).Status);
        Assert.Contains(hub.Audit.Entries, entry => entry is { Action: "connection.authorization_revoked", Actor: "key_1", Address: "192.0.2.7" });
    }

    [Fact]
    public async Task Revoke_ProviderDoesNot_KeepsTheTokensUnlessTheCallerInsists()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, "{}", 503);

        var refused = await RevokeAsync(hub);
        Assert.Equal(502, refused.Status);
        Assert.Equal("not_revoked", refused["code"]);
        Assert.Equal(200, (await hub.RunAsync()).Status);

        var forced = await RevokeAsync(hub, """{ "force": true }""");
        Assert.Equal("false", forced["revoked"]);
        Assert.Equal(424, (await hub.RunAsync()).Status);
    }

    [Fact]
    public async Task Revoke_ProviderWithoutAnEndpoint_ForgetsAndSaysSo()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent with { RevokeUrl = null });
        await hub.AuthorizeAsync();

        var answer = await RevokeAsync(hub);

        Assert.Equal(200, answer.Status);
        Assert.Equal("false", answer["revoked"]);
        Assert.Contains("no revocation endpoint", answer["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoke_NothingGranted_IsAConflict()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);

        Assert.Equal(409, (await RevokeAsync(hub)).Status);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(503, false)]
    public async Task Delete_RevokesFirst_AndHappensInAnyCase(int status, bool revoked)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, "{}", status);

        Assert.Equal(204, (await hub.Client.SendAsync("DELETE", $"/api/connections/{hub.Id}")).Status);

        Assert.Contains(hub.Server.Requests, request => request.Path == "/revoke");
        Assert.Empty(hub.Connections.All);
        var told = hub.Audit.Entries.Single(entry => entry.Action == "connection.deleted").Details.GetProperty("authorization")[0];
        Assert.Equal(revoked, told.GetProperty("revoked").GetBoolean());
    }

    /// <summary>Half of it would leave a token that the hub takes for good and the provider has ended.</summary>
    [Fact]
    public async Task Revoke_CallerHangsUpAfterTheProviderRevoked_ForgetsAllTheSame()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        using var caller = HangsUpOnce(hub);

        var revoked = await hub.Get<TokenRevoker>().RevokeAsync(hub.Caller, "corr-1", hub.Id, force: false, caller.Token);

        Assert.True(revoked.Revoked);
        Assert.Null(await hub.Tokens.GetAsync(hub.Id, CancellationToken.None));
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "connection.authorization_revoked");
    }

    [Fact]
    public async Task Delete_CallerHangsUpAfterTheProviderRevoked_DeletesAllTheSame()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        using var caller = HangsUpOnce(hub);

        await hub.Get<ConnectionService>().DeleteAsync(hub.Caller, "corr-1", hub.Id, caller.Token);

        Assert.Empty(hub.Connections.All);
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "connection.deleted");
    }

    /// <summary>The caller is gone as soon as the provider is asked to revoke.</summary>
    private static CancellationTokenSource HangsUpOnce(OAuthHub hub)
    {
        var caller = new CancellationTokenSource();
        hub.Server.Answer = async (_, context) =>
        {
            await caller.CancelAsync();
            await TokenServer.JsonAsync(context, "{}");
        };
        return caller;
    }

    private static Task<Answer> RevokeAsync(OAuthHub hub, string? json = null) => hub.Client.SendAsync("POST", $"/api/connections/{hub.Id}/oauth/revoke", json);
}
