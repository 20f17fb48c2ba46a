using System.Text;

namespace IntegrationHub.Webhooks;

/// <summary>The headers that another header lists (Contentful): <c>name:value</c> with semicolons between, names in lower case, values trimmed.</summary>
internal static class ListedHeaders
{
    private const int MaxHeaders = 64;

    public static string? Write(string list, RequestParts request)
    {
        if (request.Header(list, out var names) != Occurrence.One)
            return null;

        var text = new StringBuilder();
        foreach (var name in Names(names))
        {
            // A header that is listed and did not come is not in the string that was signed.
            if (request.Header(name, out var value) == Occurrence.One)
                text.Append(text.Length > 0 ? ";" : "").Append(name.ToLowerInvariant()).Append(':').Append(value.AsSpan().Trim());
        }

        return text.ToString();
    }

    public static string? FindAmbiguous(string list, RequestParts request)
    {
        switch (request.Header(list, out var names))
        {
            case Occurrence.Many:
                return $"The header {list} came more than once.";
            case Occurrence.None:
                return $"The header {list} is missing.";
            default:
                break;
        }

        var listed = Names(names);
        if (listed.Length > MaxHeaders)
            return $"The header {list} lists more than {MaxHeaders} headers.";
        if (listed.Distinct(StringComparer.OrdinalIgnoreCase).Count() < listed.Length)
            return $"The header {list} lists a header twice.";

        return Array.Exists(listed, name => request.Header(name, out _) == Occurrence.Many) ? $"A header that {list} lists came more than once." : null;
    }

    public static bool Contains(string list, string name, RequestParts request) =>
        request.Header(list, out var names) == Occurrence.One && Names(names).Contains(name, StringComparer.OrdinalIgnoreCase);

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
