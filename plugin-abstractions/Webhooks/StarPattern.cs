namespace IntegrationHub.Webhooks;

/// <summary>A text of which <c>*</c> stands for one or more plain characters. Immutable and thread-safe.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="plain">What the star stands for.</param>
internal sealed class StarPattern(string pattern, Func<char, bool> plain)
{
    private readonly string[] parts = pattern.Split('*');

    public bool Match(string text) => Prefix(text) == text.Length;

    /// <summary>How many characters at the beginning of a text fit, as few as possible; -1 when none do.</summary>
    public int Prefix(string text)
    {
        if (!text.StartsWith(parts[0], StringComparison.Ordinal))
            return -1;

        var position = parts[0].Length;
        for (var i = 1; i < parts.Length; i++)
        {
            var start = position;
            while (position < text.Length && plain(text[position]))
            {
                position++;
                if (parts[i].Length > 0 && text.AsSpan(position).StartsWith(parts[i], StringComparison.Ordinal))
                    break;
            }

            if (position == start || !text.AsSpan(position).StartsWith(parts[i], StringComparison.Ordinal))
                return -1;

            position += parts[i].Length;
        }

        return position;
    }
}
