using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>
/// The address of an operation. Values become single path segments; none can change the host, leave its segment or add a query.
/// </summary>
internal sealed class RestAddress
{
    private readonly Template? authority;
    private readonly Template path;

    // Of the last call: most connections of a provider are at one address.
    private KnownOrigin? last;

    public RestAddress(HttpManifest http, string pointer)
    {
        var text = http.Path;
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException($"{pointer}: an absolute address starts with https://.");

        if (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            var slash = EndOfAuthority(text);
            authority = RestTemplates.Compile(text[8..slash], pointer);
            text = text[slash..];
        }

        path = RestTemplates.Compile(text, pointer);
    }

    public IEnumerable<Template> Templates => authority is null ? [path] : [authority, path];

    /// <summary>The address without the operation's query.</summary>
    public Uri Build(RestCall call)
    {
        var origin = authority is null
            ? call.Connection.BaseUrl.TrimEnd('/')
            : "https://" + authority.RenderText(call.Scope, HostPart);
        var known = last;
        if (!string.Equals(origin, known?.Origin, StringComparison.Ordinal))
            last = known = Origin(origin);

        var rendered = path.RenderText(call.Scope, Segment)!;
        var relative = rendered.StartsWith('/') || rendered.Length == 0 || rendered[0] == '?' ? rendered : "/" + rendered;
        var query = relative.IndexOf('?', StringComparison.Ordinal);

        // Values side by side with literal text can still make a "..", so the whole is looked at once more.
        var way = query < 0 ? relative : relative.AsSpan(0, query);
        foreach (var segment in way.Split('/'))
            if (IsDots(way[segment]))
                throw RestRequestException.InvalidParams("A path segment cannot be \".\" or \"..\".");

        return Uri.TryCreate(origin + relative, UriKind.Absolute, out var address) && SameOrigin(address, known!.Root)
            ? address
            : throw RestRequestException.InvalidParams("The parameters do not make a valid address.");
    }

    public static bool SameOrigin(Uri a, Uri b) =>
        a.Scheme == b.Scheme && a.Port == b.Port && ((a.HostNameType == UriHostNameType.Dns && a.Host == b.Host) || string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase));

    /// <summary>Adds pairs to an address's query.</summary>
    public static Uri WithQuery(Uri address, IReadOnlyCollection<KeyValuePair<string, string>> pairs)
    {
        if (pairs.Count == 0)
            return address;

        var text = address.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.Fragment, UriFormat.UriEscaped);
        var separator = address.Query.Length == 0 ? "?" : address.Query == "?" ? "" : "&";
        return new Uri(text + separator + RestParameters.Encode(pairs));
    }

    private static string Segment(string? text, TemplatePlaceholder placeholder)
    {
        if (text is null)
            throw RestTemplates.Missing(placeholder.Reference, "address");

        var pointer = RestTemplates.ParameterPointer(placeholder.Reference);
        if (text.Length == 0)
            throw RestRequestException.InvalidParams("A value in the address cannot be empty.", pointer);

        foreach (var segment in text.Split('/'))
            if (placeholder.IsUrlEncoded ? IsDots(segment) : segment is "." or "..")
                throw RestRequestException.InvalidParams("A value in the address cannot be \".\" or \"..\".", pointer);

        return placeholder.IsUrlEncoded ? text : Uri.EscapeDataString(text);
    }

    private static string HostPart(string? text, TemplatePlaceholder placeholder)
    {
        if (text is null)
            throw RestTemplates.Missing(placeholder.Reference, "address");

        return text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            ? text
            : throw RestRequestException.InvalidParams("A value in the host's name can only have letters, digits, hyphens and dots.", RestTemplates.ParameterPointer(placeholder.Reference));
    }

    private static KnownOrigin Origin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var root) && root.Scheme is "https" or "http" && root.Host.Length > 0
            ? new KnownOrigin(origin, root)
            : throw RestRequestException.Misconfigured(origin.Length == 0 ? "The connection has no base address." : "The connection's base address is no http(s) address.");

    // Two dots at the longest, both escaped.
    private static bool IsDots(ReadOnlySpan<char> segment) => segment.Length is > 0 and <= 6 && Uri.UnescapeDataString(segment) is "." or "..";

    /// <summary>The first slash after the scheme that is not inside a placeholder.</summary>
    private static int EndOfAuthority(string text)
    {
        var inside = false;
        for (var i = 8; i < text.Length; i++)
        {
            if (text[i] is '{' or '}')
                inside = text[i] == '{';
            else if (!inside && text[i] is ('/' or '?'))
                return i;
        }

        return text.Length;
    }

    private sealed record KnownOrigin(string Origin, Uri Root);
}
