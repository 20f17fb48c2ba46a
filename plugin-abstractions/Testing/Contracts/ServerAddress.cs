using System.Text.RegularExpressions;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Where a description says that the vendor listens: <c>https://{region}.example.com/api/v2</c>. Immutable.</summary>
internal sealed partial class ServerAddress
{
    private readonly Regex? host;

    public ServerAddress(string url)
    {
        Url = url;
        var rest = url;
        if (rest.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme)
        {
            rest = rest[(scheme + 3)..];
            var end = rest.IndexOf('/', StringComparison.Ordinal);
            var authority = end < 0 ? rest : rest[..end];
            rest = end < 0 ? "" : rest[end..];
            HasVariableHost = authority.Contains('{', StringComparison.Ordinal);
            host = new Regex("^" + string.Join(".+?", Variable().Split(authority).Select(Regex.Escape)) + @"(:\d+)?\z", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }

        var query = rest.IndexOfAny(['?', '#']);
        BasePath = (query < 0 ? rest : rest[..query]).TrimEnd('/');
        if (BasePath.Length > 0 && BasePath[0] != '/')
            BasePath = "/" + BasePath;
    }

    public string Url { get; }

    /// <summary>Without a slash at the end; may hold parameters.</summary>
    public string BasePath { get; }

    /// <summary>Whether any host may be meant.</summary>
    public bool HasVariableHost { get; }

    /// <summary>Whether it names a host.</summary>
    public bool HasHost => host is not null;

    public bool IsHost(Uri address) => host?.IsMatch(address.Authority) == true;

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Variable();
}
