using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

/// <summary>What a person with a real browser sees on the way to a connected account. With <c>HUB_PICTURES</c> set to a folder, pictures of the pages are left there.</summary>
public sealed class OAuthBrowserTests
{
    // Whether the style was let in by the policy, whether anything is wider than the window, and what the page says.
    private const string Look = """
        (() => {
            const main = document.querySelector('main'), box = main.getBoundingClientRect(), style = getComputedStyle(main);
            return {
                kind: main.className, heading: document.querySelector('h1').innerText, direction: getComputedStyle(document.body).direction, lang: document.documentElement.lang,
                styled: style.borderTopStyle === 'solid' && style.backgroundColor !== 'rgba(0, 0, 0, 0)',
                wide: document.documentElement.scrollWidth > innerWidth,
                inside: box.left >= 0 && box.right <= innerWidth && box.top >= 0,
                middle: Math.abs((box.left + box.right) / 2 - document.documentElement.clientWidth / 2) <= 1,
                cut: [...document.querySelectorAll('h1,h2,p,dt,dd,li,button,summary')].filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText).join('|'),
                small: [...document.querySelectorAll('p,dd,dt,li,button,summary')].filter(one => parseFloat(getComputedStyle(one).fontSize) < 14).length,
                touch: [...document.querySelectorAll('button,summary')].filter(one => one.getBoundingClientRect().height < 40 && one.offsetParent).map(one => one.innerText).join('|'),
            };
        })()
        """;

    [SkippableTheory]
    [InlineData("en", 1280, 800, false)]
    [InlineData("en", 320, 640, true)]
    [InlineData("ar", 1280, 800, true)]
    [InlineData("ar", 320, 640, false)]
    public async Task Person_WhoConsents_SeesPagesThatFit(string language, int width, int height, bool dark)
    {
        await using var browser = await Chromium.StartAsync();
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        AgreeAtOnce(hub);
        await browser.SpeakAsync(language);
        await browser.LookAsync(width, height, dark);

        await browser.OpenAsync((await hub.StartFlowAsync())["authorizationUrl"]!);
        await FitsAsync(browser, language, "ask", $"{language}-{width}-ask");

        await browser.EvaluateAsync("document.querySelector('button').click()");
        await browser.UntilAsync("document.querySelector('main.done') !== null && document.readyState === 'complete'");
        var done = await FitsAsync(browser, language, "done", $"{language}-{width}-done");
        Assert.Contains("Acme & Söhne", done.GetProperty("heading").GetString(), StringComparison.Ordinal);

        // The other language, for whoever else sits there.
        await browser.EvaluateAsync("document.querySelector('summary').click()");
        await browser.UntilAsync("document.querySelector('details').open");
        await FitsAsync(browser, language, "done", $"{language}-{width}-done-both");
        Assert.Equal(language == "ar" ? "ltr" : "rtl", (await browser.EvaluateAsync("getComputedStyle(document.querySelector('details p')).direction")).GetString());
    }

    [SkippableTheory]
    [InlineData("en", 320, 640)]
    [InlineData("ar", 1280, 800)]
    public async Task Person_WhoDoesNotConsent_SeesWhatToDo(string language, int width, int height)
    {
        await using var browser = await Chromium.StartAsync();
        await using var hub = await OAuthHub.StartAsync(OAuthHub.Consent);
        var address = new Uri(new Uri((await hub.StartFlowAsync())["authorizationUrl"]!), "/oauth/callback?state=unknown&error=access_denied&error_description=" + new string('x', 300));
        await browser.SpeakAsync(language);
        await browser.LookAsync(width, height);

        await browser.OpenAsync(address.AbsoluteUri);

        await FitsAsync(browser, language, "stop", $"{language}-{width}-stop");
    }

    private static void AgreeAtOnce(OAuthHub hub)
    {
        var tokens = hub.Server.Answer;
        hub.Server.Answer = (request, context) =>
        {
            if (request.Path != "/authorize")
                return tokens(request, context);

            context.Response.Redirect(QueryHelpers.AddQueryString(
                context.Request.Query["redirect_uri"].ToString(), new Dictionary<string, string?> { ["code"] = "the-code", ["state"] = context.Request.Query["state"] }));
            return Task.CompletedTask;
        };
    }

    private static async Task<JsonElement> FitsAsync(Chromium browser, string language, string kind, string name)
    {
        if (Environment.GetEnvironmentVariable("HUB_PICTURES") is { Length: > 0 } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), await browser.PictureAsync());

        var page = await browser.EvaluateAsync(Look);
        var seen = $"{name}: {page.GetRawText()}";
        Assert.True(page.GetProperty("kind").GetString() == kind, seen);
        Assert.True(page.GetProperty("lang").GetString() == language && page.GetProperty("direction").GetString() == (language == "ar" ? "rtl" : "ltr"), seen);
        Assert.True(page.GetProperty("styled").GetBoolean() && page.GetProperty("inside").GetBoolean() && page.GetProperty("middle").GetBoolean(), seen);
        Assert.False(page.GetProperty("wide").GetBoolean(), seen);
        Assert.True(page.GetProperty("cut").GetString()!.Length == 0 && page.GetProperty("touch").GetString()!.Length == 0 && page.GetProperty("small").GetInt32() == 0, seen);
        return page;
    }
}
