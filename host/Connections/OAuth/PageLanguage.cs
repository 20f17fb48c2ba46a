using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>A language that the pages for people are written in, and what they say in it, as HTML.</summary>
internal sealed partial class PageLanguage
{
    public static readonly PageLanguage English = new("en", "ltr", "English", texts => texts.English);
    public static readonly PageLanguage Arabic = new("ar", "rtl", "العربية", texts => texts.Arabic);

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly Func<(string English, string Arabic), string> mine;

    private PageLanguage(string tag, string direction, string name, Func<(string English, string Arabic), string> mine)
    {
        (Tag, Direction, Name) = (tag, direction, name);
        this.mine = mine;
    }

    public string Tag { get; }

    public string Direction { get; }

    /// <summary>As those who speak it call it.</summary>
    public string Name { get; }

    /// <summary>The other language, for whoever cannot read the one that the browser asks for.</summary>
    public PageLanguage Other => this == English ? Arabic : English;

    /// <summary>What the browser prefers of the languages there are (RFC 9110 §12.5.4).</summary>
    public static PageLanguage Of(HttpRequest request) =>
        request.GetTypedHeaders().AcceptLanguage.Where(language => language.Quality is not 0)
            .OrderByDescending(language => language.Quality ?? 1)
            .Select(language => language.Value.ToString())
            .Select(tag => IsOf(tag, Arabic) ? Arabic : IsOf(tag, English) ? English : null)
            .FirstOrDefault(language => language is not null) ?? English;

    public static string Encode(string text) => Encoder.Encode(text);

    /// <summary>A text of somebody else's: it takes its own direction, and lends none to what stands around it.</summary>
    public static string Isolate(string text) => $"<bdi>{Encode(text)}</bdi>";

    public static bool Has(string key) => Texts.ContainsKey(key);

    public string Say(string key) => Encode(mine(Texts[key]));

    public string Say(string key, string name) => Say(key).Replace("{0}", Isolate(name), StringComparison.Ordinal);

    /// <summary>For a title, where no element can stand: Unicode's own isolates (UAX #9) do what <c>bdi</c> does.</summary>
    public string SayPlainly(string key, string name) => Say(key).Replace("{0}", Encode($"\u2068{name}\u2069"), StringComparison.Ordinal);

    /// <summary>A text about the provider, by its name where that is known.</summary>
    public string SayOf(string key, string? provider)
    {
        var text = mine(Texts[key]);
        var service = provider is null
            ? Say(text.StartsWith("{0}", StringComparison.Ordinal) ? "the_service.first" : "the_service")
            : Say("the_service.named", provider);
        return Encode(text).Replace("{0}", service, StringComparison.Ordinal);
    }

    /// <summary>For a title, of what is said by elements elsewhere.</summary>
    public static string Plain(string html) => html.Replace("<bdi>", "\u2068", StringComparison.Ordinal).Replace("</bdi>", "\u2069", StringComparison.Ordinal);

    private static bool IsOf(string tag, PageLanguage language) =>
        tag.Equals(language.Tag, StringComparison.OrdinalIgnoreCase) || tag.StartsWith(language.Tag + "-", StringComparison.OrdinalIgnoreCase);
}
