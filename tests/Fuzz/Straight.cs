using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>
/// What the reference verifiers have in common. Written from the vendors' descriptions with the framework alone; nothing here calls what is being tested.
/// Lenient about how a signature is written, strict about what it covers: whatever the hub accepts, this must find genuine.
/// </summary>
internal static class Straight
{
    public static IReadOnlyList<string> All(WebhookRequest request, string name) => request.Headers.TryGetValue(name, out var values) ? values : [];

    /// <summary>The header's value when it came once.</summary>
    public static string? Single(WebhookRequest request, string name) => All(request, name) is [var only] ? only : null;

    public static byte[] Join(params ReadOnlySpan<object?> parts)
    {
        using var stream = new MemoryStream();
        foreach (var part in parts)
            stream.Write(part switch
            {
                byte[] bytes => bytes,
                ReadOnlyMemory<byte> memory => memory.Span,
                string text => Encoding.UTF8.GetBytes(text),
                _ => [],
            });

        return stream.ToArray();
    }

    public static byte[] Mac(string algorithm, byte[] key, byte[] data) => CryptographicOperations.HmacData(Name(algorithm), key, data);

    public static byte[] Hash(string algorithm, byte[] data) => CryptographicOperations.HashData(Name(algorithm), data);

    /// <summary>Every reading of a text as bytes: hex, base64, base64url, with or without padding.</summary>
    public static bool Is(string? text, byte[] expected)
    {
        if (text is null)
            return false;
        if (text.Equals(Convert.ToHexStringLower(expected), StringComparison.OrdinalIgnoreCase))
            return true;

        return FromBase64(text) is { } bytes && bytes.AsSpan().SequenceEqual(expected);
    }

    public static byte[]? FromBase64(string text)
    {
        var plain = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        if (plain.Length % 4 == 1)
            return null;

        try
        {
            return Convert.FromBase64String(plain + new string('=', (4 - (plain.Length % 4)) % 4));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public static byte[] Whsec(string secret) => FromBase64(secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret[6..] : secret) ?? [];

    /// <summary>Whether a text is a whole number of Unix seconds or milliseconds near the fuzzer's now.</summary>
    public static bool Near(string? text, double seconds, bool milliseconds = false)
    {
        if (text is null || text.Length is 0 or > 18 || text.Any(c => c is < '0' or > '9'))
            return false;

        var number = decimal.Parse(text, CultureInfo.InvariantCulture);
        var now = (decimal)(Draft.Now - DateTimeOffset.UnixEpoch).TotalSeconds;
        return Math.Abs((milliseconds ? number / 1000 : number) - now) <= (decimal)seconds;
    }

    /// <summary>A value of a JSON body as text, by its members' names; of members with the same name the last one counts.</summary>
    public static string? Value(WebhookRequest request, params ReadOnlySpan<string> path)
    {
        var body = request.Body.Span.StartsWith("\uFEFF"u8) ? request.Body[3..] : request.Body;
        var isForm = Single(request, "Content-Type")?.Trim().StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true;
        if (isForm || !Utf8.IsValid(body.Span))
            return null;

        try
        {
            using var document = JsonDocument.Parse(body);
            var value = document.RootElement;
            foreach (var name in path)
            {
                var found = value.ValueKind switch
                {
                    JsonValueKind.Object => Member(value, name),
                    JsonValueKind.Array => value.EnumerateArray().Select(item => (JsonElement?)item).ElementAtOrDefault(int.Parse(name, CultureInfo.InvariantCulture)),
                    _ => null,
                };
                if (found is not { } next)
                    return null;

                value = next;
            }

            return value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Null => null, _ => value.GetRawText() };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    public static JsonElement? Member(JsonElement container, string name) =>
        container.EnumerateObject().Where(member => NameOf(member) == name).Select(member => (JsonElement?)member.Value).LastOrDefault();

    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair: no name that anybody can ask for
        }
    }

    /// <summary>A form as pairs, by the WHATWG's algorithm.</summary>
    public static List<(string Name, string Value)> Pairs(byte[] body)
    {
        var pairs = new List<(string, string)>();
        foreach (var piece in Encoding.Latin1.GetString(body).Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = piece.IndexOf('=', StringComparison.Ordinal);
            pairs.Add(equals < 0 ? (Unescape(piece), "") : (Unescape(piece[..equals]), Unescape(piece[(equals + 1)..])));
        }

        return pairs;
    }

    public static List<(string Name, string Value)> Query(WebhookRequest request) => Pairs(Encoding.UTF8.GetBytes(request.QueryString.StartsWith('?') ? request.QueryString[1..] : request.QueryString));

    /// <summary>Addresses as a vendor may have known it: as called, with the default port, without a port.</summary>
    public static IEnumerable<string> Spellings(string url)
    {
        yield return url;
        if (!url.Contains("://", StringComparison.Ordinal))
            yield break;

        var scheme = url[..url.IndexOf("://", StringComparison.Ordinal)];
        var rest = url[(scheme.Length + 3)..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        var (host, tail) = end < 0 ? (rest, "") : (rest[..end], rest[end..]);
        var colon = host.LastIndexOf(':');
        var named = colon >= 0 && !host[colon..].Contains(']', StringComparison.Ordinal) && !host[colon..].Contains('@', StringComparison.Ordinal);
        yield return named ? $"{scheme}://{host[..colon]}{tail}" : $"{scheme}://{host}:{(scheme.Equals("https", StringComparison.OrdinalIgnoreCase) ? 443 : 80)}{tail}";
    }

    private static string Unescape(string latin)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < latin.Length; i++)
        {
            if (latin[i] == '%' && i + 2 < latin.Length && Uri.IsHexDigit(latin[i + 1]) && Uri.IsHexDigit(latin[i + 2]))
            {
                bytes.Add(byte.Parse(latin.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
            }
            else
            {
                bytes.Add(latin[i] == '+' ? (byte)' ' : (byte)latin[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static HashAlgorithmName Name(string algorithm) => algorithm switch
    {
        "sha1" => HashAlgorithmName.SHA1,
        "sha512" => HashAlgorithmName.SHA512,
        "sha384" => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA256,
    };
}
