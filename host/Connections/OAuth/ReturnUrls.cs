using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Where a browser may be sent when an authorisation is over: nowhere that the operator did not name.</summary>
internal sealed class ReturnUrls(IOptions<OAuthOptions> options)
{
    private const int MaxLength = 2000;

    private readonly HashSet<string> origins = new(options.Value.ReturnOrigins.Select(Origin).OfType<string>(), StringComparer.Ordinal);

    /// <summary>What is wrong with an address; <see langword="null"/> when a browser may be sent there.</summary>
    /// <param name="url">An absolute address, or a path of the hub's own.</param>
    /// <param name="publicUrl">Where the hub is.</param>
    public string? Fault(string url, string publicUrl)
    {
        if (url.Length is 0 or > MaxLength)
            return "It is empty or too long.";

        // Browsers read a backslash as a slash, and drop line breaks and tabs.
        if (url.Any(c => c is '\\' or <= ' ' or >= '\u007f'))
            return "It must have no backslash, white space or control character; what is not ASCII is percent-encoded.";

        if (url[0] == '/')
            return url.StartsWith("//", StringComparison.Ordinal) ? "It must be an absolute address, or a path that begins with one slash." : null;

        if (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && OriginOf(uri) is { } origin)
            return origins.Contains(origin) || (Uri.TryCreate(publicUrl, UriKind.Absolute, out var own) && origin == OriginOf(own)) ? null : "Its origin is not one that the operator allows (Hub:OAuth:ReturnOrigins).";

        return "It must be an absolute http or https address without credentials, or a path that begins with one slash.";
    }

    /// <summary>An origin in one spelling; <see langword="null"/> when the text is more or less than one.</summary>
    public static string? Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.PathAndQuery is "/" or "" && uri.Fragment.Length == 0 ? OriginOf(uri) : null;

    private static string? OriginOf(Uri uri) =>
        uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp ? $"{uri.Scheme}://{uri.IdnHost.ToLowerInvariant()}:{uri.Port}" : null;
}
