namespace IntegrationHub.Adapters.Rest;

/// <summary>Reads <c>Link</c> headers (RFC 8288 §3).</summary>
internal static class LinkHeader
{
    /// <summary>The target of the first link whose relations include <c>next</c>.</summary>
    public static string? Next(IEnumerable<string> headers)
    {
        foreach (var header in headers)
        {
            var position = 0;
            while (position < header.Length)
            {
                var open = header.IndexOf('<', position);
                var close = open < 0 ? -1 : header.IndexOf('>', open);
                if (close < 0)
                    break;

                var target = header[(open + 1)..close];
                position = close + 1;
                if (ReadIsNext(header, ref position))
                    return target;
            }
        }

        return null;
    }

    /// <summary>Reads the parameters of one link, up to the comma that ends it; quoted values may hold commas and semicolons.</summary>
    private static bool ReadIsNext(string header, ref int position)
    {
        var isNext = false;
        while (position < header.Length && header[position] != ',')
        {
            if (header[position] is ';' or ' ' or '\t')
            {
                position++;
                continue;
            }

            var start = position;
            while (position < header.Length && header[position] is not ('=' or ';' or ','))
                position++;

            var name = header[start..position].Trim();
            if (position >= header.Length || header[position] != '=')
                continue;

            position++;
            var value = ReadValue(header, ref position);

            if (name.Equals("rel", StringComparison.OrdinalIgnoreCase))
                isNext |= value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains("next", StringComparer.OrdinalIgnoreCase);
        }

        position++;
        return isNext;
    }

    private static string ReadValue(string header, ref int position)
    {
        while (position < header.Length && header[position] == ' ')
            position++;

        int start;
        if (position < header.Length && header[position] == '"')
        {
            start = ++position;
            while (position < header.Length && header[position] != '"')
                position += header[position] == '\\' ? 2 : 1;

            var end = Math.Min(position, header.Length);
            position = end + 1;
            return header[start..end];
        }

        start = position;
        while (position < header.Length && header[position] is not (';' or ','))
            position++;

        return header[start..position].Trim();
    }
}
