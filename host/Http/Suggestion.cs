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

        var near = Near(name, known);
        if (near.Count > 0)
            return $"Did you mean {string.Join(" or ", near.Select(candidate => $"'{candidate}'"))}?";

        var more = known.Count > MostNamed ? $" and {known.Count - MostNamed} more" : "";
        return $"Known: {string.Join(", ", known.Order(StringComparer.Ordinal).Take(MostNamed))}{more}.";
    }

    /// <summary>The names that differ from it by a slip, the nearest first; three at most.</summary>
    public static IReadOnlyList<string> Near(string name, IReadOnlyCollection<string> known)
    {
        var limit = Math.Max(2, name.Length / 3);
        return name.Length is 0 or > 64 ? [] : [.. known
            .Select(candidate => (Candidate: candidate, Distance: Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .Where(pair => pair.Distance <= limit)
            .OrderBy(pair => pair.Distance).ThenBy(pair => pair.Candidate, StringComparer.Ordinal)
            .Take(3)
            .Select(pair => pair.Candidate)];
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
