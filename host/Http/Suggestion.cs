namespace IntegrationHub.Host.Http;

/// <summary>What somebody probably meant.</summary>
internal static class Suggestion
{
    private const int MostNamed = 8;

    /// <summary>The nearest names, or what there is.</summary>
    public static string? For(string name, IReadOnlyCollection<string> known)
    {
        if (known.Count == 0)
            return null;

        var limit = Math.Max(2, name.Length / 3);
        var near = name.Length > 64 ? [] : known
            .Select(candidate => (Candidate: candidate, Distance: Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .Where(pair => pair.Distance <= limit)
            .OrderBy(pair => pair.Distance).ThenBy(pair => pair.Candidate, StringComparer.Ordinal)
            .Take(3)
            .Select(pair => $"'{pair.Candidate}'")
            .ToList();
        if (near.Count > 0)
            return $"Did you mean {string.Join(" or ", near)}?";

        var more = known.Count > MostNamed ? $" and {known.Count - MostNamed} more" : "";
        return $"Known: {string.Join(", ", known.Order(StringComparer.Ordinal).Take(MostNamed))}{more}.";
    }

    // Levenshtein, two rows.
    private static int Distance(string a, string b)
    {
        var above = Enumerable.Range(0, b.Length + 1).ToArray();
        var row = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));

            (above, row) = (row, above);
        }

        return above[b.Length];
    }
}
