using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

/// <summary>Tokens are refreshed before they end, and what cannot be refreshed keeps nobody from it.</summary>
public sealed class TokenRefreshWorkerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(3600, 2700, 90)]
    [InlineData(1800, 900, 90)]
    [InlineData(600, 300, 30)]
    public async Task Worker_RefreshesBeforeTheEnd_ByTheMarginOrHalfOfAShortLife(int life, int latest, int jitter)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, $$"""{ "access_token": "{{hub.Server.NextToken()}}", "expires_in": {{life}}, "refresh_token": "r-12345678" }""");
        await hub.AuthorizeAsync();

        hub.Time.Advance(TimeSpan.FromSeconds(latest - jitter - 1));
        await hub.RefreshDueAsync();
        Assert.Single(hub.Server.TokenRequests);

        hub.Time.Advance(TimeSpan.FromSeconds(jitter + 1));
        await hub.RefreshDueAsync();
        Assert.Equal(2, hub.Server.TokenRequests.Count);
    }

    [Fact]
    public async Task Worker_DisabledConnection_IsLeftAlone()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await hub.AuthorizeAsync();
        await hub.Client.SendAsync("PATCH", $"/api/connections/{hub.Id}", """{ "enabled": false }""");
        hub.Time.Advance(TimeSpan.FromMinutes(50));

        await hub.RefreshDueAsync();

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

        await hub.RefreshDueAsync();

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

        await hub.RefreshDueAsync();

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

        var round = hub.RefreshDueAsync();
        leave.SetResult();
        await round;
        await call;

        Assert.True((await hub.RecordAsync()).ExpiresAt > hub.Time.GetUtcNow());
    }

    /// <summary>A server that takes its time must not let the tokens of others end.</summary>
    [Fact]
    public async Task Worker_TokenEndpointThatHangs_HoldsUpNoOtherAndIsNotAskedMoreThanItsPlacesAllow()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        await using var slow = await TokenServer.StartAsync();
        var held = new List<string>();
        for (var i = 0; i <= RefreshPlaces.OfEndpoint; i++)
            held.Add(await hub.AddAuthorizedAsync(slow, "slow" + i));

        // Their turn comes first, all of it.
        hub.Time.Advance(TimeSpan.FromMinutes(5));
        await hub.AuthorizeAsync();
        var (leave, asked, counting, inside, most) = (new TaskCompletionSource(), new SemaphoreSlim(0), new Lock(), 0, 0);
        var (answerOfSlow, answer, askedOther) = (slow.Answer, hub.Server.Answer, new SemaphoreSlim(0));
        slow.Answer = async (form, context) =>
        {
            lock (counting)
                most = Math.Max(most, ++inside);
            asked.Release();
            await leave.Task;
            lock (counting)
                inside--;
            await answerOfSlow(form, context);
        };
        hub.Server.Answer = (form, context) =>
        {
            askedOther.Release();
            return answer(form, context);
        };
        hub.Time.Advance(TimeSpan.FromMinutes(50));
        var worker = hub.Get<TokenRefreshWorker>();

        await worker.StartDueAsync(CancellationToken.None);
        for (var i = 0; i < RefreshPlaces.OfEndpoint; i++)
            await asked.WaitAsync();

        Assert.True(await askedOther.WaitAsync(Patience));

        // The next round finds them under way, and begins what has become due since.
        var further = await hub.AddAuthorizedAsync(hub.Server, "further");
        Assert.True(await askedOther.WaitAsync(Patience));
        var record = (await hub.Tokens.GetAsync(further, CancellationToken.None))!;
        Assert.True(await hub.Tokens.TrySaveAsync(record with { RefreshAt = hub.Time.GetUtcNow(), Version = record.Version + 1 }, CancellationToken.None));
        await worker.StartDueAsync(CancellationToken.None);
        Assert.True(await askedOther.WaitAsync(Patience));
        leave.SetResult();
        await worker.WhenIdleAsync(CancellationToken.None);

        Assert.Equal(RefreshPlaces.OfEndpoint, most);
        Assert.Equal(held.Count * 2, slow.TokenRequests.Count);
        foreach (var id in held.Append(hub.Id).Append(further))
            Assert.True((await hub.Tokens.GetAsync(id, CancellationToken.None))!.RefreshAt > hub.Time.GetUtcNow());
    }
}
