using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>The few pages that a person sees while authorising: plain HTML in English or Arabic, no script, nothing from elsewhere.</summary>
internal static class OAuthPages
{
    private const string Style =
        "body{font:16px/1.6 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:#f4f5f7;color:#1c2530}" +
        "main{background:#fff;border:1px solid #d8dde3;border-radius:12px;padding:2rem;max-width:32rem;margin:1rem}h1{font-size:1.3rem;margin:0 0 1rem}" +
        "dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}dt{color:#5a6672}dd{margin:0;overflow-wrap:anywhere}" +
        "button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:8px;background:#1459c8;color:#fff;cursor:pointer}" +
        "button:focus-visible{outline:3px solid #82b1ff;outline-offset:2px}q{overflow-wrap:anywhere}" +
        "@media(prefers-color-scheme:dark){body{background:#12171d;color:#e6eaef}main{background:#1b222a;border-color:#33404d}dt{color:#a3b0bd}}";

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private static readonly string StyleHash = "'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style))) + "'";

    private static readonly Dictionary<string, (string English, string Arabic)> Texts = new(StringComparer.Ordinal)
    {
        ["title"] = ("Authorise a connection", "منح الإذن لاتصال"),
        ["ask"] = ("You are about to let {0} give this hub access to your account there.", "أنت على وشك أن تجعل {0} يمنح هذه المنصة حق الوصول إلى حسابك لديه."),
        ["careful"] = ("Go on only if you, or somebody you know, asked for this just now.", "تابع فقط إذا كنت أنت، أو شخص تعرفه، قد طلب ذلك للتو."),
        ["provider"] = ("Provider", "المزوّد"),
        ["project"] = ("Project", "المشروع"),
        ["connection"] = ("Connection", "الاتصال"),
        ["environment"] = ("Environment", "البيئة"),
        ["asked_by"] = ("Asked for by the key", "بطلب من المفتاح"),
        ["scopes"] = ("Access", "الصلاحيات"),
        ["go"] = ("Continue", "متابعة"),
        ["done_title"] = ("Authorised", "تم منح الإذن"),
        ["done"] = ("{0} has granted access. You can close this page.", "منح {0} حق الوصول. يمكنك إغلاق هذه الصفحة."),
        ["failed_title"] = ("Not authorised", "لم يُمنح الإذن"),
        ["provider_words"] = ("The provider says:", "يقول المزوّد:"),
        ["again"] = ("Start again where you began.", "ابدأ من جديد من حيث بدأت."),
        ["gone"] = ("This address has been used, has ended, or never was.", "استُخدم هذا العنوان من قبل، أو انتهت صلاحيته، أو لم يوجد أصلًا."),
        ["unknown_state"] = ("This answer belongs to no authorisation that is under way: it was used before, or has ended.", "لا ينتمي هذا الرد إلى أي إذن قيد التنفيذ: استُخدم من قبل، أو انتهت صلاحيته."),
        ["expired"] = ("This took longer than ten minutes.", "استغرق هذا أكثر من عشر دقائق."),
        ["other_session"] = ("This browser did not begin the authorisation.", "لم يبدأ هذا المتصفح عملية الإذن."),
        ["wrong_issuer"] = ("The answer came from another provider than the one that was asked.", "جاء الرد من مزوّد غير الذي سُئل."),
        ["denied"] = ("Access was not granted.", "لم يُمنح حق الوصول."),
        ["provider_error"] = ("The provider did not grant access.", "لم يمنح المزوّد حق الوصول."),
        ["no_code"] = ("The provider's answer is not complete.", "رد المزوّد غير مكتمل."),
        ["code_refused"] = ("The provider did not accept the answer it gave itself.", "لم يقبل المزوّد الرد الذي أعطاه بنفسه."),
        ["unavailable"] = ("The provider cannot be reached for the moment.", "يتعذر الوصول إلى المزوّد حاليًا."),
        ["changed"] = ("The connection was changed meanwhile.", "تغيّر الاتصال في هذه الأثناء."),
        ["provider_not_loaded"] = ("The hub does not serve this provider for the moment.", "لا تخدم المنصة هذا المزوّد حاليًا."),
    };

    /// <summary>Asks before the browser goes to the provider.</summary>
    public static IResult Ask(HttpContext context, OpenedStart start, string confirmation, bool secure)
    {
        var arabic = IsArabic(context);
        var name = start.Provider?.Name ?? start.Connection.Provider;
        var scopes = start.Flow.Scopes.Select(scope => start.Provider?.Auth.Select(auth => auth.Scopes.GetValueOrDefault(scope)).FirstOrDefault(text => text is not null)?.In(arabic ? "ar" : "en") ?? scope);
        var body = new StringBuilder()
            .Append("<p>").Append(Format("ask", arabic, name)).Append("</p><dl>")
            .Append(Row("provider", arabic, name))
            .Append(Row("project", arabic, start.Connection.Project))
            .Append(Row("connection", arabic, start.Connection.Alias))
            .Append(Row("environment", arabic, start.Connection.Environment))
            .Append(Row("asked_by", arabic, start.Flow.ActorName));
        if (start.Flow.Scopes.Count > 0)
            body.Append(Row("scopes", arabic, string.Join(arabic ? "، " : ", ", scopes)));

        body.Append("</dl><p>").Append(Format("careful", arabic)).Append("</p><form method=\"post\"><input type=\"hidden\" name=\"confirm\" value=\"").Append(Encode(confirmation))
            .Append("\"><button>").Append(Format("go", arabic)).Append("</button></form>");

        // Browsers hold every redirect that follows a form against form-action too, and providers redirect among their own hosts.
        var local = secure ? "" : " http://127.0.0.1:* http://localhost:*";
        return Page(context, StatusCodes.Status200OK, "title", body.ToString(), arabic, $"'self' https:{local}");
    }

    public static IResult Done(HttpContext context, string provider)
    {
        var arabic = IsArabic(context);
        return Page(context, StatusCodes.Status200OK, "done_title", $"<p>{Format("done", arabic, provider)}</p>", arabic, "'none'");
    }

    public static IResult Failed(HttpContext context, FlowException fault)
    {
        var arabic = IsArabic(context);
        var body = new StringBuilder("<p>").Append(Format(Texts.ContainsKey(fault.Code) ? fault.Code : "provider_error", arabic)).Append("</p>");
        if (fault.ProviderWords is { } words)
            body.Append("<p>").Append(Format("provider_words", arabic)).Append(" <q dir=\"auto\">").Append(Encode(words)).Append("</q></p>");

        body.Append("<p>").Append(Format("again", arabic)).Append("</p>");
        return Page(context, fault.Code is "unavailable" or "provider_not_loaded" ? StatusCodes.Status502BadGateway : StatusCodes.Status400BadRequest, "failed_title", body.ToString(), arabic, "'none'");
    }

    private static IResult Page(HttpContext context, int status, string title, string body, bool arabic, string formAction)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = $"default-src 'none'; style-src {StyleHash}; form-action {formAction}; base-uri 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.Vary = "Accept-Language";
        var heading = Format(title, arabic);
        var html = $"<!doctype html><html lang=\"{(arabic ? "ar" : "en")}\" dir=\"{(arabic ? "rtl" : "ltr")}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">" +
            $"<title>{heading}</title><style>{Style}</style></head><body><main><h1>{heading}</h1>{body}</main></body></html>";
        return Results.Content(html, "text/html; charset=utf-8", Encoding.UTF8, status);
    }

    private static bool IsArabic(HttpContext context)
    {
        var wanted = context.Request.GetTypedHeaders().AcceptLanguage.Where(language => language.Quality is not 0)
            .OrderByDescending(language => language.Quality ?? 1)
            .Select(language => language.Value.ToString())
            .FirstOrDefault(language => IsOf(language, "ar") || IsOf(language, "en"));
        return wanted is not null && IsOf(wanted, "ar");

        static bool IsOf(string language, string primary) =>
            language.Equals(primary, StringComparison.OrdinalIgnoreCase) || language.StartsWith(primary + "-", StringComparison.OrdinalIgnoreCase);
    }

    private static string Row(string label, bool arabic, string value) => $"<dt>{Format(label, arabic)}</dt><dd dir=\"auto\">{Encode(value)}</dd>";

    private static string Format(string key, bool arabic, string? value = null)
    {
        var (english, inArabic) = Texts[key];
        var text = Encode(arabic ? inArabic : english);
        return value is null ? text : text.Replace("{0}", $"<bdi>{Encode(value)}</bdi>", StringComparison.Ordinal);
    }

    private static string Encode(string text) => Encoder.Encode(text);
}
