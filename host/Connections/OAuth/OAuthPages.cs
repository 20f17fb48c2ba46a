using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Http;
using static IntegrationHub.Host.Connections.OAuth.PageLanguage;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>The few pages that a person sees while authorising: plain HTML in the browser's language with the other one folded in below, no script, nothing from elsewhere.</summary>
internal static class OAuthPages
{
    private const string Style =
        ":root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--line:#d8dde3;--text:#1c2530;--soft:#5a6672;--act:#1459c8;--on-act:#fff;--done:#1a7f4b;--stop:#b45309}" +
        "@media(prefers-color-scheme:dark){:root{--page:#12171d;--card:#1b222a;--line:#33404d;--text:#e6eaef;--soft:#a3b0bd;--act:#8ab4ff;--on-act:#0b1726;--done:#4cc38a;--stop:#f0a05a}}" +
        "*{box-sizing:border-box}" +
        "html{font:1rem/1.6 system-ui,sans-serif}body{margin:0;padding:1rem;min-height:100vh;display:grid;place-items:center;background:var(--page);color:var(--text)}" +
        "main{width:100%;max-width:36rem;padding:clamp(1.25rem,5vw,2rem);background:var(--card);border:1px solid var(--line);border-block-start:4px solid var(--act);border-radius:12px;overflow-wrap:anywhere}" +
        "main.done{border-block-start-color:var(--done)}main.stop{border-block-start-color:var(--stop)}" +
        "html:lang(ar),details:lang(ar){line-height:1.8}details:lang(en){line-height:1.6}h1,h2{font-size:1.375rem;line-height:1.5;margin:0 0 1rem;text-wrap:balance}p{text-wrap:pretty}p,ul{margin:0 0 1rem}p:has(+ul){margin:0}ul{padding-inline-start:1.25rem}" +
        "dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.35rem 1.25rem;margin:0 0 1.25rem}dt{color:var(--soft)}dd{margin:0}" +
        "@media(max-width:30rem){.help+dl{display:block}.help+dl dd{margin-block-end:.6rem}}" +
        ".help,.help+dl{font-size:.875rem}.help{color:var(--soft);margin-block-start:1.5rem}code{font-size:.95em}" +
        "button{font:inherit;font-weight:600;padding:.65rem 1.4rem;border:1px solid transparent;border-radius:8px;background:var(--act);color:var(--on-act);cursor:pointer}" +
        "details{margin-block-start:1.75rem;padding-block-start:.5rem;border-block-start:1px solid var(--line)}summary{width:fit-content;padding:.5rem;margin-inline:-.5rem;color:var(--act);cursor:pointer}" +
        "details[open]>summary{margin-block-end:.75rem}button:focus-visible,summary:focus-visible{outline:3px solid var(--act);outline-offset:2px;border-radius:8px}";

    private static readonly string StyleHash = "'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style))) + "'";

    /// <summary>Asks before the browser goes to the provider.</summary>
    public static IResult Ask(HttpContext context, OpenedStart start, string confirmation, bool secure)
    {
        var name = start.Provider?.Name ?? start.Connection.Provider;

        // Browsers hold every redirect that follows a form against form-action too, and providers redirect among their own hosts.
        var local = secure ? "" : " http://127.0.0.1:* http://localhost:*";
        return Page(context, StatusCodes.Status200OK, "ask", name, Body, $"'self' https:{local}");

        string Body(PageLanguage language)
        {
            var body = new StringBuilder()
                .Append("<p>").Append(language.Say("ask", name)).Append("</p>");
            if (start.Flow.Scopes.Count > 0)
                body.Append("<p>").Append(language.Say("scopes")).Append("</p><ul>")
                    .AppendJoin("", start.Flow.Scopes.Select(scope => $"<li>{Isolate(InWords(scope, start, language))}</li>")).Append("</ul>");

            return body.Append("<dl>")
                .Append(Row(language, "asked_by", Isolate(start.Flow.ActorName)))
                .Append(Row(language, "project", Isolate(start.Connection.Project)))
                .Append(Row(language, "connection", Isolate(start.Connection.Alias)))
                .Append(Row(language, "environment", Isolate(start.Connection.Environment)))
                .Append("</dl><p><strong>").Append(language.Say("careful")).Append("</strong></p>")
                .Append("<form method=\"post\"><input type=\"hidden\" name=\"confirm\" value=\"").Append(Encode(confirmation)).Append("\"><button>")
                .Append(language.Say("go", name)).Append("</button></form>")
                .ToString();
        }
    }

    public static IResult Done(HttpContext context, string provider) =>
        Page(context, StatusCodes.Status200OK, "done", provider, language => $"<p>{language.Say("done")}</p><p>{language.Say("done.next")}</p>", "'none'");

    /// <param name="context">The request.</param>
    /// <param name="fault">Why it cannot go on.</param>
    /// <param name="answered">The status; else what goes with the reason.</param>
    public static IResult Failed(HttpContext context, FlowException fault, int? answered = null)
    {
        var key = Has(fault.Code) ? fault.Code : "provider_error";
        var next = Has(key + ".next") ? key + ".next" : "again";
        var status = answered ?? fault.Code switch
        {
            "unavailable" or "provider_not_loaded" => StatusCodes.Status502BadGateway,
            "already_done" => StatusCodes.Status200OK,
            "in_progress" => StatusCodes.Status409Conflict,
            _ => StatusCodes.Status400BadRequest,
        };
        return Page(context, status, key, null, Body, "'none'", language => language.SayOf(key + ".title", fault.Provider));

        string Body(PageLanguage language)
        {
            var body = new StringBuilder()
                .Append("<p>").Append(language.SayOf(key, fault.Provider)).Append("</p><p>").Append(language.SayOf(next, fault.Provider)).Append("</p><p class=\"help\">").Append(language.Say("help")).Append("</p><dl>");
            if (fault.Provider is { } provider)
                body.Append(Row(language, "service", Isolate(provider)));

            if (fault.ProviderCode is { } said)
                body.Append(Row(language, "says", $"<code dir=\"ltr\">{Encode(said)}</code>{(fault.ProviderWords is { } words ? $"<br>{Isolate(words)}" : "")}"));

            if (fault is { Detail: { } detail, IsDetailPrivate: false })
                body.Append(Row(language, "detail", $"<bdi lang=\"en\" dir=\"ltr\">{Encode(detail)}</bdi>"));

            return body
                .Append(Row(language, "code", $"<code dir=\"ltr\">{Encode(fault.Code)}</code>"))
                .Append(Row(language, "reference", $"<code dir=\"ltr\">{Encode(CorrelationId.Of(context))}</code>"))
                .Append("</dl>").ToString();
        }
    }

    /// <summary>The page in the browser's language. Its address serves once, so that the other language cannot be a page of its own: it is folded in.</summary>
    private static IResult Page(HttpContext context, int status, string key, string? name, Func<PageLanguage, string> body, string formAction, Func<PageLanguage, string>? heading = null)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = $"default-src 'none'; style-src {StyleHash}; form-action {formAction}; base-uri 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.Vary = "Accept-Language";
        var language = PageLanguage.Of(context.Request);
        var other = language.Other;
        var kind = key switch { "ask" or "done" => key, "already_done" => "done", _ => "stop" };
        var title = name is null ? PageLanguage.Plain(Heading(language)) : language.SayPlainly(key + ".title", name);
        var html = $"<!doctype html><html lang=\"{language.Tag}\" dir=\"{language.Direction}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">" +
            $"<title>{title}</title><style>{Style}</style></head><body><main class=\"{kind}\"><h1>{Heading(language)}</h1>{body(language)}" +
            $"<details lang=\"{other.Tag}\" dir=\"{other.Direction}\"><summary>{Encode(other.Name)}</summary><h2>{Heading(other)}</h2>{body(other)}</details></main></body></html>";
        return Results.Content(html, "text/html; charset=utf-8", Encoding.UTF8, status);

        string Heading(PageLanguage of) => heading is not null ? heading(of) : name is null ? of.Say(key + ".title") : of.Say(key + ".title", name);
    }

    private static string InWords(string scope, OpenedStart start, PageLanguage language) =>
        start.Provider?.Auth.Select(auth => auth.Scopes.GetValueOrDefault(scope)).FirstOrDefault(text => text is not null)?.In(language.Tag) ?? scope;

    private static string Row(PageLanguage language, string label, string value) => $"<dt>{language.Say(label)}</dt><dd>{value}</dd>";
}
