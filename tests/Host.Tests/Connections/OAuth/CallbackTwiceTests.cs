using System.Net;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

/// <summary>A person clicks twice, or reloads the last page: the state serves once all the same, and nobody is frightened.</summary>
public sealed class CallbackTwiceTests
{
    [Fact]
    public async Task Callback_ReloadedWhenDone_SaysThatItIsDoneAndAsksNobody()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var asked = await OAuthHub.OpenAsync(hub.Client, (await hub.StartFlowAsync())["authorizationUrl"]!);
        using var first = await hub.Client.GetAsync($"/oauth/callback?code=a&state={asked["state"]}");
        using var second = await hub.Client.GetAsync($"/oauth/callback?code=b&state={asked["state"]}");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Contains("already done", await second.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(hub.Server.Requests);
        Assert.DoesNotContain("refused", hub.Logs.Text, StringComparison.Ordinal);
    }

    /// <summary>The browser breaks the first request off and shows what the second one answers.</summary>
    [Fact]
    public async Task Callback_ClickedTwice_BothLeadToTheSameEnd()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var (url, cookie) = await OpenAsync(hub);
        var (asked, leave) = Hold(hub);
        using var gone = new CancellationTokenSource();
        var first = GetAsync(hub, url, cookie, gone.Token);
        await asked;
        var second = GetAsync(hub, url, cookie, CancellationToken.None);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        leave.SetResult();

        using var answer = await second;

        Assert.Equal((HttpStatusCode.SeeOther, $"/app?connection={hub.Id}&status=authorized"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.Single(hub.Server.Requests);
    }

    [Fact]
    public async Task Callback_ClickedTwiceAndRefused_BothSayWhy()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var (url, cookie) = await OpenAsync(hub);
        using var first = await GetAsync(hub, url + "&error=access_denied", cookie, CancellationToken.None);
        using var second = await GetAsync(hub, url, cookie, CancellationToken.None);

        Assert.All([first, second], answer => Assert.Equal($"/app?connection={hub.Id}&status=failed&error=denied", answer.Headers.Location?.OriginalString));
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task Callback_FromElsewhereWhileTheFirstRuns_IsToldThatItRunsAndNoMore()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var (url, cookie) = await OpenAsync(hub);
        var (asked, leave) = Hold(hub);
        var first = GetAsync(hub, url, cookie, CancellationToken.None);
        await asked;

        using var stranger = await GetAsync(hub, url, "", CancellationToken.None);
        leave.SetResult();
        using var owner = await first;

        Assert.Equal(HttpStatusCode.Conflict, stranger.StatusCode);
        Assert.Contains("being done already", await stranger.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(stranger.Headers.Location);
        Assert.Equal(HttpStatusCode.SeeOther, owner.StatusCode);
    }

    /// <returns>The callback's address with its state, and the cookie of the browser that began.</returns>
    private static async Task<(string Url, string Cookie)> OpenAsync(OAuthHub hub)
    {
        var jar = new CookieContainer();
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = jar }) { BaseAddress = hub.Client.BaseAddress };
        var asked = await OAuthHub.OpenAsync(browser, (await hub.StartFlowAsync("""{ "returnUrl": "/app" }"""))["authorizationUrl"]!);
        return ($"/oauth/callback?code=a&state={asked["state"]}", jar.GetCookieHeader(hub.Client.BaseAddress!));
    }

    private static async Task<HttpResponseMessage> GetAsync(OAuthHub hub, string url, string cookie, CancellationToken cancellationToken)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = hub.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (cookie.Length > 0)
            request.Headers.Add("Cookie", cookie);

        return await browser.SendAsync(request, cancellationToken);
    }

    /// <summary>The token endpoint answers when it is told to.</summary>
    private static (Task Asked, TaskCompletionSource Leave) Hold(OAuthHub hub)
    {
        var (standard, asked, leave) = (hub.Server.Answer, new TaskCompletionSource(), new TaskCompletionSource());
        hub.Server.Answer = async (request, context) =>
        {
            asked.SetResult();
            await leave.Task;
            await standard(request, context);
        };
        return (asked.Task, leave);
    }
}
