namespace IntegrationHub.Loading;

/// <summary>One allowed destination: a host, or every sub-domain of one, at one port.</summary>
/// <param name="Host">In lower case and punycode, without the leading <c>*.</c>.</param>
/// <param name="SubDomains">Whether it means any depth of sub-domains (and not the host itself).</param>
/// <param name="Port"><see langword="null"/> for the scheme's own port.</param>
/// <param name="PlainText">Whether it came from an address that says <c>http://</c>.</param>
internal sealed record HostPattern(string Host, bool SubDomains, int? Port, bool PlainText)
{
    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>*.host</c> or an http(s) address; <see langword="null"/> when it is none of them.</summary>
    public static HostPattern? TryParse(string text)
    {
        text = text.Trim();
        if (text.Contains("://", StringComparison.Ordinal))
        {
            return Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
                ? new HostPattern(Name(url), false, url.IsDefaultPort ? null : url.Port, url.Scheme == Uri.UriSchemeHttp)
                : null;
        }

        var subDomains = text.StartsWith("*.", StringComparison.Ordinal);
        var host = subDomains ? text[2..] : text;

        // Uri does the work on names, ports, IPv6 brackets and punycode; anything beyond host and port is no pattern.
        return host.Length > 0
            && host.IndexOfAny(['/', '?', '#', '@', '*', '\\']) < 0
            && Uri.TryCreate("https://" + host, UriKind.Absolute, out var parsed)
            && Name(parsed).Length > 0
                ? new HostPattern(Name(parsed), subDomains, parsed.IsDefaultPort ? null : parsed.Port, false)
                : null;
    }

    public bool Matches(Uri target)
    {
        var host = Name(target);
        if (Port is null ? !target.IsDefaultPort : Port != target.Port)
            return false;

        return SubDomains ? host.Length > Host.Length + 1 && host.EndsWith("." + Host, StringComparison.Ordinal) : host == Host;
    }

    // A dot at the end of a name only says that it is whole.
    private static string Name(Uri url) => url.IdnHost.ToLowerInvariant().TrimEnd('.');
}
