using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Contract.Tests.Webhooks;

/// <summary>Everything that somebody between the vendor and the hub could change of a request.</summary>
internal static partial class Tampering
{
    /// <summary>The changed requests, each with what was changed.</summary>
    public static IEnumerable<(string What, WebhookRequest Request)> Of(SchemeRow row, WebhookRequest request)
    {
        return [.. Bodies(row, request), .. Signatures(row.Manifest.Verify[row.Genuine], request), .. Times(row, request), .. Addresses(row, request), .. Headers(row, request)];
    }

    private static IEnumerable<(string What, WebhookRequest Request)> Bodies(SchemeRow row, WebhookRequest request)
    {
        var body = Encoding.UTF8.GetString(request.Body.Span);
        foreach (var (from, to) in row.Fields)
        {
            Assert.Contains(from, body, StringComparison.Ordinal);
            yield return ($"body: {from} becomes {to}", With(request, body: Encoding.UTF8.GetBytes(body.Replace(from, to, StringComparison.Ordinal))));
        }

        if (!row.Whole || request.Body.IsEmpty)
            yield break;

        var bytes = request.Body.ToArray();
        foreach (var at in new[] { 0, bytes.Length / 3, bytes.Length / 2, bytes.Length - 1 }.Distinct())
        {
            byte[] flipped = [.. bytes];
            flipped[at] ^= 1;
            yield return ($"body: a bit of byte {at}", With(request, body: flipped));
        }

        yield return ("body: a space at the end", With(request, body: [.. bytes, (byte)' ']));
        yield return ("body: a space at the beginning", With(request, body: [(byte)' ', .. bytes]));
        yield return ("body: its last byte cut off", With(request, body: bytes[..^1]));
        yield return ("body: sent twice", With(request, body: [.. bytes, .. bytes]));
        yield return ("body: emptied", With(request, body: []));
    }

    private static IEnumerable<(string What, WebhookRequest Request)> Signatures(VerifyManifest scheme, WebhookRequest request)
    {
        if (scheme.Query is { } parameter)
        {
            var value = Regex.Match(request.Url, $"[?&]{Regex.Escape(parameter)}=([^&]*)").Groups[1].Value;
            yield return ("signature: gone", With(request, url: request.Url.Replace($"{parameter}={value}", "", StringComparison.Ordinal)));
            yield return ("signature: emptied", With(request, url: request.Url.Replace($"={value}", "=", StringComparison.Ordinal)));
            yield return ("signature: a character", With(request, url: request.Url.Replace(value, Flip(value, value.Length - 3), StringComparison.Ordinal)));
            yield return ("signature: cut", With(request, url: request.Url.Replace(value, value[..^4], StringComparison.Ordinal)));
            yield return ("signature: twice", With(request, url: $"{request.Url}&{parameter}={value}"));
            yield break;
        }

        if (scheme.Body is { } pointer)
        {
            var body = Encoding.UTF8.GetString(request.Body.Span);
            var field = pointer[(pointer.LastIndexOf('/') + 1)..];
            var value = Regex.Match(body, $"\"{Regex.Escape(field)}\":\"([^\"]+)\"").Groups[1].Value;
            yield return ("signature: gone", With(request, body: Encoding.UTF8.GetBytes(body.Replace($"\"{field}\":\"{value}\"", "\"other\":1", StringComparison.Ordinal))));
            yield return ("signature: emptied", With(request, body: Encoding.UTF8.GetBytes(body.Replace(value, "", StringComparison.Ordinal))));
            yield return ("signature: a character", With(request, body: Encoding.UTF8.GetBytes(body.Replace(value, Flip(value, value.Length - 8), StringComparison.Ordinal))));
            yield return ("signature: cut", With(request, body: Encoding.UTF8.GetBytes(body.Replace(value, value[..^4], StringComparison.Ordinal))));
            yield break;
        }

        var header = scheme.Scheme == VerifyScheme.Basic ? "Authorization" : scheme.Header!;
        var sent = request.Headers[header][0];
        yield return ("signature: gone", With(request, header: (header, [])));
        yield return ("signature: emptied", With(request, header: (header, [""])));
        yield return ("signature: a character", With(request, header: (header, [Flip(sent, sent.Length - 8)])));
        yield return ("signature: another character", With(request, header: (header, [Flip(sent, sent.Length - 14)])));
        yield return ("signature: cut", With(request, header: (header, [sent[..^4]])));
        yield return ("signature: longer", With(request, header: (header, [sent + "00"])));
        if (SignatureCharacters().Replace(sent, static run => new string('0', run.Length)) is var zeros && zeros != sent)
            yield return ("signature: of zeros", With(request, header: (header, [zeros])));
        if (scheme.Separator is null)
            yield return ("signature: twice", With(request, header: (header, [sent, sent])));
    }

    private static IEnumerable<(string What, WebhookRequest Request)> Times(SchemeRow row, WebhookRequest request)
    {
        var scheme = row.Scheme;
        if (scheme.TimestampHeader is { } header)
        {
            var sent = request.Headers[header][0];
            yield return ("timestamp: gone", With(request, header: (header, [])));
            yield return ("timestamp: no time", With(request, header: (header, ["now"])));
            yield return ("timestamp: twice", With(request, header: (header, [sent, sent])));
            yield return ("timestamp: a second on", With(request, header: (header, [Later(sent)])));
            yield return ("timestamp: a digit moved into the body", With(request, body: [.. Encoding.UTF8.GetBytes(sent[^1..]), .. request.Body.Span], header: (header, [sent[..^1]])));
        }
        else if (scheme.Format.Contains("{timestamp}", StringComparison.Ordinal))
        {
            var sent = request.Headers[scheme.Header!][0];
            var time = LongNumber().Match(sent).Value;
            yield return ("timestamp: gone", With(request, header: (scheme.Header!, [sent.Replace(time, "", StringComparison.Ordinal)])));
            yield return ("timestamp: no time", With(request, header: (scheme.Header!, [sent.Replace(time, "now", StringComparison.Ordinal)])));
            if (!row.UnsignedTime)
                yield return ("timestamp: a second on", With(request, header: (scheme.Header!, [sent.Replace(time, Later(time), StringComparison.Ordinal)])));
        }

        if (scheme.IdHeader is { } id)
        {
            yield return ("id: another", With(request, header: (id, [request.Headers[id][0] + "x"])));
            yield return ("id: gone", With(request, header: (id, [])));
        }
    }

    private static IEnumerable<(string What, WebhookRequest Request)> Addresses(SchemeRow row, WebhookRequest request)
    {
        var signed = row.Scheme.Scheme is VerifyScheme.Token or VerifyScheme.Basic or VerifyScheme.Jwt ? "" : row.Scheme.Signed;
        if (signed.Contains("{url}", StringComparison.Ordinal))
        {
            var host = new Uri(request.Url).Host;
            yield return ("address: another host", With(request, url: request.Url.Replace(host, "x" + host, StringComparison.Ordinal)));
            yield return ("address: another path", With(request, url: request.Url.Replace("?", "/x?", StringComparison.Ordinal)));
            yield return ("address: a query more", With(request, url: request.Url + "&y=1"));
        }

        if (signed.Contains("{url}", StringComparison.Ordinal) || signed.Contains("{path}", StringComparison.Ordinal))
            yield return ("address: a longer path", With(request, url: request.Url.Replace("/v1/", "/v1/v1/", StringComparison.Ordinal).Replace("myapp", "myapps", StringComparison.Ordinal)));
        if (signed.Contains("{method}", StringComparison.Ordinal))
            yield return ("method: another", With(request, method: "PUT"));
    }

    private static IEnumerable<(string What, WebhookRequest Request)> Headers(SchemeRow row, WebhookRequest request) =>
        row.Headers.Select(change => ($"header: {change.From} becomes {change.To}", With(request, header: (change.From, change.To.Length == 0 ? [] : [change.To]))));

    private static string Later(string time)
    {
        if (long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return (number + (number > 100_000_000_000 ? 1000 : 1)).ToString(CultureInfo.InvariantCulture);

        var moment = DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).AddSeconds(1).UtcDateTime;
        return time.EndsWith('Z') ? moment.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : moment.ToString("r", CultureInfo.InvariantCulture);
    }

    private static string Flip(string text, int at) => $"{text[..at]}{(text[at] is 'a' or 'A' ? 'b' : 'a')}{text[(at + 1)..]}";

    private static WebhookRequest With(WebhookRequest request, byte[]? body = null, string? url = null, (string Name, string[] Values)? header = null, string? method = null)
    {
        var headers = new Dictionary<string, IReadOnlyList<string>>(request.Headers, StringComparer.OrdinalIgnoreCase);
        if (header is { Values: [] } gone)
            headers.Remove(gone.Name);
        else if (header is { } change)
            headers[change.Name] = change.Values;

        var address = new Uri(url ?? request.Url);
        return new WebhookRequest
        {
            Method = method ?? request.Method, Url = url ?? request.Url, Path = address.AbsolutePath, QueryString = address.Query, Headers = headers, Body = body ?? request.Body, ReceivedAt = request.ReceivedAt,
        };
    }

    [GeneratedRegex("[0-9]{10,13}")]
    private static partial Regex LongNumber();

    [GeneratedRegex("[0-9A-Za-z+/_-]{20,}")]
    private static partial Regex SignatureCharacters();
}
