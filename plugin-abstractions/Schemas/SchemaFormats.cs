using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;

namespace IntegrationHub.Schemas;

/// <summary>The <c>format</c>s that are checked. Others are annotations, as JSON Schema allows. Each check takes time in proportion to the text.</summary>
internal static class SchemaFormats
{
    private static readonly SearchValues<char> NotInAddress = SearchValues.Create(" \t\r\n<>,;");
    private static readonly SearchValues<char> NotInUri = SearchValues.Create(" \t\r\n");

    private static readonly FrozenDictionary<string, (Func<string, bool> Holds, string Looks)> Known =
        new Dictionary<string, (Func<string, bool>, string)>
        {
            ["date-time"] = (IsDateTime, "2026-01-31T09:30:00Z"),
            ["date"] = (text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _), "2026-01-31"),
            ["time"] = (IsTime, "09:30:00Z"),
            ["email"] = (IsEmail, "name@example.com"),
            ["hostname"] = (text => text.Length <= 253 && Uri.CheckHostName(text) == UriHostNameType.Dns && !text.Contains('_', StringComparison.Ordinal), "api.example.com"),
            ["ipv4"] = (text => text.Count(c => c == '.') == 3 && IsAddress(text, AddressFamily.InterNetwork), "192.0.2.1"),
            ["ipv6"] = (text => !text.Contains('[', StringComparison.Ordinal) && IsAddress(text, AddressFamily.InterNetworkV6), "2001:db8::1"),
            ["uri"] = (IsUri, "https://example.com/path"),
            ["uuid"] = (text => Guid.TryParseExact(text, "D", out _), "123e4567-e89b-12d3-a456-426614174000"),
            ["byte"] = (text => Base64.IsValid(text), "aGVsbG8="),
            ["base64"] = (text => Base64.IsValid(text), "aGVsbG8="),
        }.ToFrozenDictionary();

    /// <summary>Whether a text has the format; what a text of that format looks like, when it has not.</summary>
    public static bool Holds(string format, string text, out string? looks)
    {
        looks = null;
        if (!Known.TryGetValue(format, out var known) || known.Holds(text))
            return true;

        looks = known.Looks;
        return false;
    }

    // RFC 3339 §5.6: the offset is not optional.
    private static bool IsDateTime(string text) =>
        text.Length is >= 20 and <= 40 && text[10] is 'T' or 't' or ' ' && HasOffset(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool IsTime(string text) => IsDateTime("2000-01-01T" + text);

    private static bool HasOffset(string text) => text[^1] is 'Z' or 'z' || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');

    private static bool IsEmail(string text) =>
        text.Length <= 320 && !text.AsSpan().ContainsAny(NotInAddress) && MailAddress.TryCreate(text, out var address) && address.Address == text;

    private static bool IsAddress(string text, AddressFamily family) => text.Length <= 64 && IPAddress.TryParse(text, out var address) && address.AddressFamily == family;

    private static bool IsUri(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && text.StartsWith(uri.Scheme, StringComparison.OrdinalIgnoreCase) && !text.AsSpan().ContainsAny(NotInUri);
}
