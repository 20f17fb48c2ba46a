using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

/// <summary>Tokens are refreshed before they end, and what cannot be refreshed keeps nobody from it.</summary>
public sealed class TokenRefreshWorkerTests
{
    [Theory]
    [InlineData(3600, 2700, 90)]
    [InlineData(1800, 900, 90)]
    [InlineData(600, 300, 30)]
    public async Task Worker_RefreshesBeforeTheEnd_ByTheMarginOrHalfOfAShortLife(int life, int latest, int jitter)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, $$"""{ "access_token": "{{hub.Server.NextToken()}}", "expires_in": {{life}}, "refresh_token": "r-12345678" }""");
        await hub.AuthorizeAsync();
        var worker = hub.Get<TokenRefreshWorker>();

        hub.Time.Advance(TimeSpan.FromSeconds(latest - jitter - 1));
        await worker.RunOnceAsync(CancellationToken.None);
        Assert.Single(hub.Server.TokenRequests);

        hub.Time.Advance(TimeSpan.FromSeconds(jitter + 1));
        await worker.RunOnceAsync(CancellationToken.None);
        Assert.Equal(2, hub.Server.TokenRequests.Count);
    }

    [Fact]
    public async Task Worker_DisabledConnection_IsLeftAlone()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        await hub.Client.SendAsync("PATCH", $"/api/connections/{hub.Id}", """{ "enabled": false }""");
        hub.Time.Advance(TimeSpan.FromMinutes(50));

        await hub.Get<TokenRefreshWorker>().RunOnceAsync(CancellationToken.None);

        Assert.Single(hub.Server.TokenRequests);
        Assert.Equal(hub.Time.GetUtcNow() + TokenRefreshWorker.Postponed, (await hub.RecordAsync()).RefreshAt);
    }

    /// <summary>What cannot be tried must not take the place of what can.</summary>
    [Fact]
    public async Task Worker_PluginNotLoaded_IsLeftAlone()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Catalog.Providers.Clear();
        hub.Time.Advance(TimeSpan.FromMinutes(50));

        await hub.Get<TokenRefreshWorker>().RunOnceAsync(CancellationToken.None);

        Assert.Equal(hub.Time.GetUtcNow() + TokenRefreshWorker.Postponed, (await hub.RecordAsync()).RefreshAt);
    }

    /// <summary>Nothing is recorded of such a failure, so it would be looked at again in every round, before all others.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Worker_TokenThatCannotBeRefreshedAtAll_IsLeftAlone(bool isDamaged)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        var record = await hub.RecordAsync();
        record = record with { Version = record.Version + 1, Sealed = isDamaged ? [1, 2, 3] : record.Sealed, AuthId = isDamaged ? record.AuthId : "former" };
        Assert.True(await hub.Tokens.TrySaveAsync(record, CancellationToken.None));
        hub.Time.Advance(TimeSpan.FromMinutes(50));

        await hub.Get<TokenRefreshWorker>().RunOnceAsync(CancellationToken.None);

        Assert.Equal(hub.Time.GetUtcNow() + TokenRefreshWorker.Postponed, (await hub.RecordAsync()).RefreshAt);
        Assert.Single(hub.Server.TokenRequests);
        if (isDamaged)
            Assert.Equal((ConnectionHealthState.NeedsReauthorization, "secrets_unreadable"), await hub.Get<ConnectionAuthorizations>().FindAsync(hub.Connections.All.Single(), CancellationToken.None) is { } finding ? (finding.State, finding.Code) : default);
    }

    /// <summary>A refresh under way has a new refresh token to store; the old one is spent.</summary>
    [Fact]
    public async Task Worker_DisabledDuringARefresh_KeepsTheNewToken()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        hub.Time.Advance(TimeSpan.FromMinutes(61));
        var (standard, asked, leave) = (hub.Server.Answer, new TaskCompletionSource(), new TaskCompletionSource());
        hub.Server.Answer = async (form, context) =>
        {
            asked.SetResult();
            await leave.Task;
            await standard(form, context);
        };
        var call = hub.RunAsync();
        await asked.Task;
        await hub.Client.SendAsync("PATCH", $"/api/connections/{hub.Id}", """{ "enabled": false }""");

        var round = hub.Get<TokenRefreshWorker>().RunOnceAsync(CancellationToken.None);
        leave.SetResult();
        await round;
        await call;

        Assert.True((await hub.RecordAsync()).ExpiresAt > hub.Time.GetUtcNow());
    }
}
