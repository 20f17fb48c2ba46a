namespace IntegrationHub.Testing.Contracts;

/// <summary>Media types and ranges of them (RFC 9110 §12.5.1), parameters aside.</summary>
internal static class MediaTypes
{
    /// <summary>The type without its parameters, in lower case.</summary>
    public static string Bare(string type) => type.Split(';')[0].Trim().ToLowerInvariant();

    public static bool IsJson(string type) => Bare(type) is "application/json" or "text/json" || Bare(type).EndsWith("+json", StringComparison.Ordinal);

    public static bool IsForm(string type) => Bare(type) == "application/x-www-form-urlencoded";

    public static bool IsMultipart(string type) => Bare(type) == "multipart/form-data";

    /// <summary>JSON in lines.</summary>
    public static bool IsLines(string type) => Bare(type) is "application/x-ndjson" or "application/ndjson" or "application/jsonl" or "application/x-jsonlines" or "application/json-lines";

    public static bool IsXml(string type) => Bare(type) is "application/xml" or "text/xml" || Bare(type).EndsWith("+xml", StringComparison.Ordinal);

    public static bool IsText(string type) => Bare(type).StartsWith("text/", StringComparison.Ordinal) && !IsXml(type) && !IsJson(type);

    /// <summary>The most specific of the described types that a given one falls under.</summary>
    public static MediaModel? Choose(IReadOnlyList<MediaModel> described, string given)
    {
        var bare = Bare(given);
        var range = bare.Split('/')[0] + "/*";
        return described.FirstOrDefault(media => Bare(media.Type) == bare)
            ?? described.FirstOrDefault(media => Bare(media.Type) == range)
            ?? described.FirstOrDefault(media => Bare(media.Type) == "*/*");
    }
}
