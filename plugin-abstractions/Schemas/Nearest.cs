namespace IntegrationHub.Schemas;

/// <summary>Finds what somebody probably meant.</summary>
internal static class Nearest
{
    private const int LongestName = 64;

    /// <summary>The candidate with the smallest edit distance (optimal string alignment, without case), when it is close enough to be meant.</summary>
    public static string? To(string name, IReadOnlyCollection<string> candidates)
    {
        if (name.Length > LongestName)
            return null;

        string? best = null;
        var bestDistance = Math.Max(1, name.Length / 3) + 1;
        foreach (var candidate in candidates)
        {
            var distance = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant(), bestDistance);
            if (distance >= bestDistance)
                continue;

            best = candidate;
            bestDistance = distance;
        }

        // Somebody who writes "amount" for "amountMinor" is further away than any threshold, and still near.
        return best ?? candidates.FirstOrDefault(candidate => name.Length >= 3 && candidate.StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A hint that names the nearest candidate, or all of them when they are few.</summary>
    public static string? Hint(string name, IReadOnlyCollection<string> candidates)
    {
        if (To(name, candidates) is { } near)
            return $"Did you mean \"{near}\"?";

        return candidates.Count switch
        {
            0 => null,
            <= 12 => $"Known: {string.Join(", ", candidates)}.",
            _ => $"Known: {string.Join(", ", candidates.Take(12))} and {candidates.Count - 12} more.",
        };
    }

    private static int Distance(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) >= limit)
            return limit;

        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            rows[i, 0] = i;

        for (var j = 0; j <= b.Length; j++)
            rows[0, j] = j;

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                var value = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    value = Math.Min(value, rows[i - 2, j - 2] + 1);

                rows[i, j] = value;
            }
        }

        return rows[a.Length, b.Length];
    }
}
