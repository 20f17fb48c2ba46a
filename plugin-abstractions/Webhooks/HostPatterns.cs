namespace IntegrationHub.Webhooks;

/// <summary>Host names of which <c>*</c> stands for exactly one label. Immutable and thread-safe.</summary>
internal sealed class HostPatterns
{
    private const int MaxAddress = 2048;

    private readonly string[][] patterns;

    /// <param name="patterns">The patterns, with at least two labels written out at the end: <c>*.com</c> would be anybody.</param>
    /// <param name="where">What to call them in errors.</param>
    /// <exception cref="ArgumentException">One of them is faulty.</exception>
    public HostPatterns(IReadOnlyList<string> patterns, string where)
    {
        this.patterns = [.. patterns.Select(pattern => Compile(pattern, where))];
    }

    public bool Any => patterns.Length > 0;

    /// <summary>Whether a name is among them. Names compare without case, and without a final dot.</summary>
    public bool Match(string host)
    {
        var labels = host.TrimEnd('.').Split('.');
        return Array.Exists(patterns, pattern => Match(pattern, labels));
    }

    /// <summary>Reads an address that a stranger sent: absolute, plain, at the default port of https (or http) and on one of the hosts.</summary>
    public Uri? Read(string? text, bool allowHttp = false)
    {
        if (text is null || text.Length is 0 or > MaxAddress || text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.Contains('\\', StringComparison.Ordinal))
            return null;

        return Uri.TryCreate(text, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || (allowHttp && address.Scheme == Uri.UriSchemeHttp))
            && address.HostNameType == UriHostNameType.Dns && address.IsDefaultPort && address.UserInfo.Length == 0 && address.Fragment.Length == 0
            && Match(address.IdnHost)
            ? address
            : null;
    }

    private static bool Match(string[] pattern, string[] labels)
    {
        if (pattern.Length != labels.Length)
            return false;

        for (var i = 0; i < pattern.Length; i++)
        {
            if (labels[i].Length == 0 || (pattern[i] != "*" && !pattern[i].Equals(labels[i], StringComparison.OrdinalIgnoreCase)))
                return false;
        }

        return true;
    }

    private static string[] Compile(string pattern, string where)
    {
        var labels = pattern.Split('.');
        if (labels.Length < 2 || labels[^1] == "*" || labels[^2] == "*" || !Array.TrueForAll(labels, IsLabel))
            throw new ArgumentException($"{where}: '{pattern}' is no host; write it like sns.*.amazonaws.com, with at least the last two labels written out.");

        return labels;
    }

    private static bool IsLabel(string label) => label == "*" || (label.Length > 0 && label.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
}
