namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>Patterns over dotted event types, for filters: <c>*</c> is one segment, <c>**</c> any number, none included.</summary>
internal static class SqliteTypePattern
{
    /// <summary>The name under which SQL sees <see cref="Matches(string, string)"/>.</summary>
    public const string Function = "type_matches";

    public static bool HasWildcard(string pattern) => pattern.Contains('*', StringComparison.Ordinal);

    /// <summary>The leading segments without wildcards, joined by dots; empty when the first is one.</summary>
    public static string LiteralPrefix(string pattern) =>
        string.Join('.', pattern.Split('.').TakeWhile(static segment => segment is not ("*" or "**")));

    public static bool Matches(string pattern, string type) => Matches(pattern.Split('.'), type.Split('.'));

    // Greedy with one point to return to, as for globs: linear in practice, quadratic at the worst, whatever the pattern.
    private static bool Matches(string[] pattern, string[] type)
    {
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < type.Length)
        {
            if (p < pattern.Length && pattern[p] == "**")
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && (pattern[p] == "*" || string.Equals(pattern[p], type[t], StringComparison.Ordinal)))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == "**")
            p++;

        return p == pattern.Length;
    }
}
