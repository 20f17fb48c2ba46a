using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

public sealed partial class OAuthPagesTests
{
    private const string Hostile = "</bdi><script>alert(1)</script>\"'&\u202E";

    /// <summary>Every reason that a person can be told.</summary>
    public static TheoryData<string> Reasons { get; } = new(
        "gone", "unknown_state", "expired", "other_session", "wrong_issuer", "denied", "provider_error", "no_code", "code_refused", "unavailable", "changed", "provider_not_loaded", "already_done", "in_progress",
        "no_page", "wrong_request", "hub_failed", "hub_unavailable");

    [Theory]
    [InlineData("ar", "ar")]
    [InlineData("AR-eg,en;q=0.5", "ar")]
    [InlineData("fr,ar;q=0.3", "ar")]
    [InlineData("en;q=0,ar;q=0.1", "ar")]
    [InlineData("de,en;q=0.8,ar;q=0.1", "en")]
    [InlineData("arc,arn", "en")]
    [InlineData("*", "en")]
    [InlineData("", "en")]
    public async Task Done_AcceptLanguage_ChoosesAndFoldsInTheOther(string accepted, string language)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        using var browser = BrowserOf(hub, accepted);

        using var answer = await hub.AuthorizeAsync(browser);
        var html = await answer.Content.ReadAsStringAsync();

        const string English = "Your <bdi>Acme &amp; Söhne</bdi> account is connected";
        const string Arabic = "تم ربط حسابك في <bdi>Acme &amp; Söhne</bdi>";
        var arabic = language == "ar";
        Assert.StartsWith($"<!doctype html><html lang=\"{language}\" dir=\"{(arabic ? "rtl" : "ltr")}\">", html, StringComparison.Ordinal);
        Assert.Contains($"<main class=\"done\"><h1>{(arabic ? Arabic : English)}</h1>", html, StringComparison.Ordinal);
        Assert.Contains(
            arabic ? $"<details lang=\"en\" dir=\"ltr\"><summary>English</summary><h2>{English}</h2>" : $"<details lang=\"ar\" dir=\"rtl\"><summary>العربية</summary><h2>{Arabic}</h2>",
            html, StringComparison.Ordinal);
        Assert.Contains("Accept-Language", answer.Headers.Vary);
    }

    [Fact]
    public async Task Title_WithAName_IsolatesItWithoutElements()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        using var browser = BrowserOf(hub, "ar");

        using var answer = await hub.AuthorizeAsync(browser);

        var title = Title().Match(await answer.Content.ReadAsStringAsync()).Groups[1].Value;
        Assert.Equal("تم ربط حسابك في \u2068Acme & Söhne\u2069", WebUtility.HtmlDecode(title));
    }

    [Fact]
    public async Task Ask_TextsOfOthers_AreEscapedAndIsolatedOneByOne()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent with
        {
            Scopes = new Dictionary<string, LocalizedText>
            {
                ["read"] = new(new Dictionary<string, string> { ["en"] = "Read (all)", ["ar"] = "قراءة (الكل)" }), ["write"] = new(Hostile), ["files.list"] = new("files.list"),
            },
            DefaultScopes = ["read", "write", "files.list"],
        });
        hub.Caller = new Caller("key_1", Hostile, HubRole.Developer, null);
        using var browser = BrowserOf(hub, "ar");

        using var answer = await browser.GetAsync((await hub.StartFlowAsync())["authorizationUrl"]!);
        var (arabic, english) = Parts(await answer.Content.ReadAsStringAsync());

        const string Harmless = "<bdi>&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;\u202E</bdi>";
        Assert.Contains($"<ul><li><bdi>قراءة (الكل)</bdi></li><li>{Harmless}</li><li><bdi>files.list</bdi></li></ul>", arabic, StringComparison.Ordinal);
        Assert.Contains($"<ul><li><bdi>Read (all)</bdi></li><li>{Harmless}</li><li><bdi>files.list</bdi></li></ul>", english, StringComparison.Ordinal);
        Assert.Contains($"<dt>الجهة الطالبة</dt><dd>{Harmless}</dd>", arabic, StringComparison.Ordinal);
        Assert.Contains("<button>المتابعة إلى <bdi>Acme &amp; Söhne</bdi></button>", arabic, StringComparison.Ordinal);
        AssertSpeaks(arabic, isArabic: true);
        AssertSpeaks(english, isArabic: false);
    }

    [Fact]
    public async Task Ask_FormOfTheOtherLanguage_LeadsOnToo()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var url = (await hub.StartFlowAsync())["authorizationUrl"]!;
        using var page = await hub.Client.GetAsync(url);
        var (_, other) = Parts(await page.Content.ReadAsStringAsync());

        using var left = await hub.Client.PostAsync(url, new FormUrlEncodedContent([new("confirm", OAuthHub.ConfirmIn(other))]));

        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);
    }

    [Fact]
    public async Task Failed_ProvidersWords_AreEscapedAndApartFromItsCode()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        using var browser = BrowserOf(hub, "ar");
        var asked = await OAuthHub.OpenAsync(browser, (await hub.StartFlowAsync())["authorizationUrl"]!);

        using var answer = await browser.GetAsync($"/oauth/callback?state={asked["state"]}&error=server_error&error_description={Uri.EscapeDataString("تعذر إكمال الطلب (ERR-42)" + Hostile)}");
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Contains(
            "<dt>ما قالته الخدمة</dt><dd><code dir=\"ltr\">server_error</code><br><bdi>تعذر إكمال الطلب (ERR-42)&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp; </bdi></dd>",
            html, StringComparison.Ordinal);
        Assert.Contains($"<code dir=\"ltr\">{answer.Headers.GetValues("X-Correlation-Id").Single()}</code>", html, StringComparison.Ordinal);
        var entry = hub.Audit.Entries.Single(one => one.Action == "connection.authorization_failed");
        Assert.Contains("server_error: ", JsonSerializer.Serialize(entry.Details), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_HubsOwnWords_AreNotPutIntoTheProvidersMouth()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        hub.Server.Answer = (_, context) => TokenServer.JsonAsync(context, """{ "error": "invalid_client" }""", 400);
        using var browser = BrowserOf(hub, "ar");

        using var answer = await hub.AuthorizeAsync(browser);
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Contains("<dd><bdi lang=\"en\" dir=\"ltr\">The token endpoint refused the request (invalid_client).</bdi></dd>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("The service says", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_AddressThatTheHubMayNotCall_IsForTheAuditAlone()
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent with { TokenUrl = "https://inside.example/token" });

        using var answer = await hub.AuthorizeAsync(hub.Client);
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Contains("<code dir=\"ltr\">code_refused</code>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("inside.example", html, StringComparison.Ordinal);
        var entry = hub.Audit.Entries.Single(one => one.Action == "connection.authorization_failed");
        Assert.Contains("inside.example", JsonSerializer.Serialize(entry.Details), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task Failed_EveryReason_IsSaidInBothLanguagesWithWhatToDo(string reason)
    {
        var html = await RenderAsync(context => OAuthPages.Failed(context, new FlowException(reason, null)));

        var (english, arabic) = Parts(html);
        Assert.StartsWith($"<title>{WebUtility.HtmlDecode(Heading().Match(english).Groups[1].Value)}</title>", WebUtility.HtmlDecode(Title().Match(html).Value), StringComparison.Ordinal);
        foreach (var part in new[] { english, arabic })
        {
            // What happened, what to do, and what to tell those who help.
            Assert.Equal(3, part.Split("<p").Length - 1);
            Assert.Contains($"<code dir=\"ltr\">{reason}</code>", part, StringComparison.Ordinal);
        }

        // A reason without words of its own falls back to the provider's error.
        if (reason != "provider_error")
            Assert.DoesNotContain("The service reported a problem", english, StringComparison.Ordinal);

        AssertSpeaks(english, isArabic: false);
        AssertSpeaks(arabic, isArabic: true);
    }

    /// <summary>Whoever reads it came to connect one of several accounts, and whoever helps must know which.</summary>
    [Theory]
    [InlineData("unavailable", "Acme &amp; S", "cannot be reached")]
    [InlineData("provider_error", "Acme &amp; S", "reported a problem")]
    [InlineData("no_code", "The answer from", "was incomplete")]
    public async Task Failed_ProviderIsKnown_IsNamed(string reason, string start, string end)
    {
        var html = await RenderAsync(context => OAuthPages.Failed(context, new FlowException(reason, null) { Provider = "Acme & Söhne" }));

        var (english, arabic) = Parts(html);
        var heading = Heading().Match(english).Groups[1].Value;
        Assert.StartsWith(start, heading.Replace("<bdi>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.EndsWith(end, heading, StringComparison.Ordinal);
        Assert.DoesNotContain("<", Title().Match(html).Groups[1].Value, StringComparison.Ordinal);
        foreach (var part in new[] { english, arabic })
            Assert.Contains("<dd><bdi>Acme &amp; Söhne</bdi></dd>", part, StringComparison.Ordinal);

        AssertSpeaks(english, isArabic: false);
        AssertSpeaks(arabic, isArabic: true);
    }

    [Theory]
    [InlineData("GET", "/oauth/nothing", HttpStatusCode.NotFound, "no_page")]
    [InlineData("GET", "/oauth/start/x/y", HttpStatusCode.NotFound, "no_page")]
    [InlineData("POST", "/oauth/callback", HttpStatusCode.MethodNotAllowed, "wrong_request")]
    [InlineData("GET", "/oauth/callback?state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", HttpStatusCode.InternalServerError, "hub_failed")]
    public async Task Problem_UnderOAuth_IsAPageForBrowsersAndJsonForPrograms(string method, string path, HttpStatusCode status, string code)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        hub.Get<InMemoryPendingAuthorizationStore>().Fault = new InvalidOperationException("Broken.");

        using var browser = await SendAsync("text/html,application/xhtml+xml,*/*;q=0.8");
        using var program = await SendAsync("application/json, */*");

        Assert.Equal((status, "text/html"), (browser.StatusCode, browser.Content.Headers.ContentType!.MediaType));
        Assert.Contains($"<code dir=\"ltr\">{code}</code>", await browser.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((status, "application/problem+json"), (program.StatusCode, program.Content.Headers.ContentType!.MediaType));

        async Task<HttpResponseMessage> SendAsync(string accept)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { { "Accept", accept } } };
            return await hub.Client.SendAsync(request);
        }
    }

    [Theory]
    [InlineData("start", true)]
    [InlineData("done", false)]
    [InlineData("denied", false)]
    [InlineData("unknown", false)]
    public async Task Pages_Policy_AllowsTheirOwnStyleAndNothingElse(string which, bool hasForm)
    {
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var start = (await hub.StartFlowAsync())["authorizationUrl"]!;
        var state = which == "start" ? "" : (await OAuthHub.OpenAsync(hub.Client, start))["state"];

        using var answer = await hub.Client.GetAsync(which switch
        {
            "start" => start,
            "done" => $"/oauth/callback?state={state}&code=a",
            "denied" => $"/oauth/callback?state={state}&error=access_denied",
            _ => "/oauth/callback?code=a",
        });
        var html = await answer.Content.ReadAsStringAsync();

        var style = Style().Match(html).Groups[1].Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        var action = hasForm ? "'self' https: http://127.0.0.1:* http://localhost:*" : "'none'";
        Assert.Equal(
            $"default-src 'none'; style-src 'sha256-{hash}'; form-action {action}; base-uri 'none'; frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal(hasForm, html.Contains("<form", StringComparison.Ordinal));

        // Nothing is fetched, nothing runs, and nothing is styled in a way that the policy would drop.
        Assert.DoesNotMatch("(?i)<(script|link|img|iframe|object|base)|\\s(src|href|style|on\\w+)=|url\\(|@import|//", html);
        Assert.Single(Regex.Matches(html, "<h1>"));
        Assert.Single(Regex.Matches(html, "<main"));
        Assert.NotEmpty(Title().Match(html).Groups[1].Value);
    }

    private static HttpClient BrowserOf(OAuthHub hub, string accepted)
    {
        var browser = hub.Browser();
        if (accepted.Length > 0)
            browser.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Language", accepted);

        return browser;
    }

    /// <summary>What the page says in its own language, and what it has folded in.</summary>
    private static (string Shown, string Folded) Parts(string html)
    {
        var body = html[html.IndexOf("<main", StringComparison.Ordinal)..];
        var fold = body.IndexOf("<details", StringComparison.Ordinal);
        return (body[..fold], body[body.IndexOf("</summary>", fold, StringComparison.Ordinal)..]);
    }

    // Names, codes and ids are in any script, and isolated; the rest is in one.
    private static void AssertSpeaks(string html, bool isArabic)
    {
        var own = WebUtility.HtmlDecode(Tag().Replace(Isolated().Replace(html, ""), ""));
        Assert.Matches(isArabic ? "[\u0600-\u06FF]" : "[A-Za-z]", own);
        Assert.DoesNotMatch(isArabic ? "[A-Za-z{]" : "[\u0600-\u06FF{]", own);
    }

    private static async Task<string> RenderAsync(Func<HttpContext, IResult> page)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).BuildServiceProvider();
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = services, Response = { Body = body } };
        await page(context).ExecuteAsync(context);
        return Encoding.UTF8.GetString(body.ToArray());
    }

    [GeneratedRegex("<title>(.*?)</title>")]
    private static partial Regex Title();

    [GeneratedRegex("<h1>(.*?)</h1>")]
    private static partial Regex Heading();

    [GeneratedRegex("<style>(.*?)</style>")]
    private static partial Regex Style();

    [GeneratedRegex("<(bdi|code)\\b[^>]*>.*?</\\1>")]
    private static partial Regex Isolated();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();
}
