using System.Buffers;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

/// <summary>Which headers a subscription may add to what is sent.</summary>
internal static class SubscriptionHeaders
{
    /// <summary>What is shown instead of a value.</summary>
    public const string Mask = "••••";

    public const int MaxCount = 32;
    public const int MaxName = 128;
    public const int MaxValue = 4096;

    // RFC 9110 §5.6.2.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>What the hub writes itself, or what would change where the request ends or goes.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "connection", "content-encoding", "content-length", "content-type", "date", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    };

    private static readonly string[] ReservedPrefixes = ["webhook-", "proxy-", "sec-", ":"];

    public static IEnumerable<ValidationIssue> Check(IReadOnlyDictionary<string, string> headers)
    {
        if (headers.Count > MaxCount)
            yield return new("/headers", $"There are more than {MaxCount} headers.");

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            var pointer = "/headers/" + RequestBody.Escape(name);
            if (name.Length is 0 or > MaxName || name.AsSpan().ContainsAnyExcept(TokenCharacters))
                yield return new(pointer, $"This is no header's name: 1 to {MaxName} letters, digits and '-'.");
            else if (IsReserved(name))
                yield return new(pointer, $"The header '{name}' is the hub's own, or the connection's.", "Use another name, such as 'Authorization' or 'X-Tenant'.");
            else if (!seen.Add(name))
                yield return new(pointer, "The header is there twice: names compare without case.");

            if (value == Mask)
                yield return new(pointer, "This is the mask that stands for a value, not a value.", "Send the value itself, or leave the header out.");
            else if (value is null || value.Length > MaxValue || value.Any(c => c is not '\t' and (< ' ' or > '~')))
                yield return new(pointer, $"The value must be a text of up to {MaxValue} printable ASCII characters.", "Write other characters percent-encoded or in base64, as the receiver expects.");
        }
    }

    public static bool IsReserved(string name) =>
        Reserved.Contains(name) || ReservedPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
