using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>
/// Reads a manifest's scheme literally, as its documentation explains it, and says whether a request is genuine by it. Nothing here calls what is being tested. Lenient about how a
/// signature is written and where in its header it stands, strict about what it covers.
/// </summary>
/// <param name="Verify">The schemes; one of those that apply is enough.</param>
/// <param name="Settings">What the connection's configuration has besides the secret.</param>
/// <param name="Certificates">The certificates that the scheme names, where it does.</param>
internal sealed record RowReference(IReadOnlyList<VerifyManifest> Verify, IReadOnlyDictionary<string, string> Settings, RowCertificates? Certificates)
{
    private static readonly char[] Between = [',', ';', ' ', '&'];

    public bool Genuine(WebhookRequest request, string secret)
    {
        using var parts = new RowParts(request);
        return Verify.Any(scheme => Applies(scheme, parts, secret) && Elements(scheme, parts) is { Count: > 0 } elements && elements.All(element => One(scheme, parts, element, secret)));
    }

    /// <summary>The string that is signed.</summary>
    public byte[] Signed(VerifyManifest scheme, RowParts parts, string element, string secret, string? timestamp, string? id, string url)
    {
        var bytes = new List<byte>();
        var text = scheme.Signed;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '{')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i].ToString()));
                continue;
            }

            var end = text.IndexOf('}', i);
            var pieces = text[(i + 1)..end].Split('|');
            i = end;
            if (pieces[0] == "body")
            {
                bytes.AddRange(parts.Request.Body.ToArray());
                continue;
            }

            var value = Value(pieces[0], parts, element, secret, timestamp, id, url);
            foreach (var pipe in pieces[1..])
                value = value is null ? null : Piped(pipe, value, parts, element);
            bytes.AddRange(Encoding.UTF8.GetBytes(value ?? ""));
        }

        return [.. bytes];
    }

    public bool Applies(VerifyManifest scheme, RowParts parts, string secret) => scheme.When.All(condition =>
    {
        var value = Value(condition.Key, parts, "", secret, null, null, "");
        return condition.Value.ValueKind switch
        {
            JsonValueKind.True => value is not null || parts.Many(condition.Key),
            JsonValueKind.False => value is null && !parts.Many(condition.Key),
            _ => value == (condition.Value.GetString() is ['{', .. var name, '}'] ? Value(name, parts, "", secret, null, null, "") : condition.Value.GetString()),
        };
    });

    private static List<string> Elements(VerifyManifest scheme, RowParts parts)
    {
        if (scheme.Each is not { } each)
            return [""];

        return parts.Find(each) is { ValueKind: JsonValueKind.Array } array
            ? [.. Enumerable.Range(0, array.GetArrayLength()).Select(index => string.Create(CultureInfo.InvariantCulture, $"{each}/{index}"))]
            : [];
    }

    private bool One(VerifyManifest scheme, RowParts parts, string element, string secret)
    {
        var request = parts.Request;
        if (scheme.Scheme == VerifyScheme.Basic)
        {
            return Straight.Single(request, "Authorization") is { Length: > 6 } value && value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
                && Straight.FromBase64(value[6..].Trim(' ')) is { } bytes && bytes.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes($"{Settings["user"]}:{secret}"));
        }

        IReadOnlyList<string> given = scheme.Query is { } query ? parts.Query(query) is { } only ? [only] : []
            : scheme.Body is { } pointer ? parts.Text(element + pointer) is { } inBody ? [inBody] : []
            : Straight.All(request, scheme.Header!);
        var literal = scheme.Format[..Math.Max(0, scheme.Format.IndexOf("{signature}", StringComparison.Ordinal))];
        if (scheme.Scheme == VerifyScheme.Token)
            return given.Any(value => value == secret || (literal.Length > 0 && value.StartsWith(literal, StringComparison.OrdinalIgnoreCase) && value[literal.Length..] == secret));

        if (scheme.BodyHash.Any(rule => !Straight.Is(Value(rule.Key, parts, element, secret, null, null, ""), SHA256.HashData(request.Body.Span))))
            return false;

        var pieces = given.SelectMany(value => value.Split(Between)).Concat(given).SelectMany(piece => new[] { piece, piece[(piece.IndexOf('=', StringComparison.Ordinal) + 1)..] }).ToHashSet();
        string?[] times = scheme.TimestampHeader is { } header ? [Straight.Single(request, header)]
            : scheme.TimestampBody is { } place ? [parts.Text(element + place)]
            : scheme.Format.Contains("{timestamp}", StringComparison.Ordinal) ? [.. pieces]
            : [null];
        var id = scheme.IdHeader is { } idHeader ? Straight.Single(request, idHeader) : null;
        var urls = scheme.PortOptional ? Straight.Spellings(request.Url) : [request.Url];
        return times.Where(time => scheme.Tolerance is null || IsNear(scheme, time))
            .Any(time => urls.Any(url => IsSigned(scheme, parts, element, secret, pieces, Signed(scheme, parts, element, secret, time, id, url))));
    }

    private bool IsSigned(VerifyManifest scheme, RowParts parts, string element, string secret, HashSet<string> pieces, byte[] data)
    {
        switch (scheme.Scheme)
        {
            case VerifyScheme.Hmac:
                var expected = scheme.Signed.Contains("{secret}", StringComparison.Ordinal) ? Straight.Hash(scheme.Algorithm, data) : Straight.Mac(scheme.Algorithm, KeyOf(scheme, secret), data);
                return pieces.Any(piece => Straight.Is(piece, expected));
            case VerifyScheme.Ecdsa:
                return pieces.Any(piece => Straight.FromBase64(piece) is { Length: > 0 } signature && Schemes.VerifyElliptic(secret, data, signature, DSASignatureFormat.Rfc3279DerSequence));
            default:
                var address = Value(scheme.Certificate!.Url.Trim('{', '}'), parts, element, secret, null, null, "");
                return Certificates!.KeyAt(address, secret) is { } key && pieces.Any(piece => Straight.FromBase64(piece) is { Length: > 0 } signature
                    && key.VerifyData(data, signature, scheme.Algorithm == "sha1" ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        }
    }

    private static byte[] KeyOf(VerifyManifest scheme, string secret) => scheme.SecretEncoding switch
    {
        "whsec" => Straight.Whsec(secret),
        "hex" => secret.Length % 2 == 0 && secret.All(char.IsAsciiHexDigit) ? Convert.FromHexString(secret) : [],
        _ when scheme.SecretPrefix is not null => Encoding.UTF8.GetBytes(secret[(secret.IndexOf('-', secret.IndexOf('-', StringComparison.Ordinal) + 1) + 1)..]),
        _ => Encoding.UTF8.GetBytes(secret),
    };

    private static bool IsNear(VerifyManifest scheme, string? time)
    {
        var tolerance = scheme.Tolerance!.Value;
        return scheme.TimestampUnit switch
        {
            "seconds" => Straight.Near(time, tolerance.TotalSeconds),
            "milliseconds" => Straight.Near(time, tolerance.TotalSeconds, milliseconds: true),
            _ => DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && (moment - Draft.Now).Duration() <= tolerance,
        };
    }

    private string? Value(string name, RowParts parts, string element, string secret, string? timestamp, string? id, string url)
    {
        var request = parts.Request;
        if (name.StartsWith('/'))
            return parts.Text(element + name);

        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var rest = name[(dot + 1)..];
        return name switch
        {
            "timestamp" => timestamp,
            "id" => id,
            "secret" => secret,
            "method" => request.Method,
            "url" => url,
            "path" => request.Path,
            "body.crc32" => Crc32(request.Body.Span).ToString(CultureInfo.InvariantCulture),
            "body.sha256" => Convert.ToHexStringLower(SHA256.HashData(request.Body.Span)),
            "body.canonical" => parts.Find("") is { } whole ? Canonical(whole) : null,
            "form.sorted" => parts.SortedForm(),
            _ => name[..dot] switch
            {
                "header" => Straight.Single(request, rest),
                "query" => parts.Query(rest),
                "config" => Settings.GetValueOrDefault(rest, secret),
                "headers" => Straight.Single(request, rest) is not { } list ? null : string.Join(';', list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Where(header => Straight.All(request, header).Count == 1)
                    .Select(header => $"{header.ToLowerInvariant()}:{Straight.Single(request, header)!.Trim()}")),
                _ => throw new NotSupportedException($"The reference does not know {name}."),
            },
        };
    }

    private static string Piped(string pipe, string value, RowParts parts, string element)
    {
        var (name, argument) = (pipe[..pipe.IndexOf(':', StringComparison.Ordinal)], pipe[(pipe.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        if (name == "before")
            return argument + value;
        if (name == "after")
            return value + argument;
        if (!decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return value;

        // ISO 4217; the fuzzer's bodies have no other of these.
        var decimals = parts.Text(element + argument)?.ToUpperInvariant() switch
        {
            "KWD" or "BHD" or "OMR" or "JOD" or "TND" or "IQD" or "LYD" => 3,
            "JPY" or "KRW" or "CLP" or "VND" or "ISK" => 0,
            _ => 2,
        };
        return decimal.Round(number, decimals, MidpointRounding.AwayFromZero).ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    /// <summary>CRC-32 of ISO 3309, bit by bit.</summary>
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }

    /// <summary>RFC 8785; <see langword="null"/> where it has no spelling. Of members with the same name none is known to be meant.</summary>
    private static string? Canonical(JsonElement value)
    {
        try
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    var members = value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
                    if (members.Select(member => member.Name).Distinct().Count() < members.Count)
                        return null;

                    var pairs = members.Select(member => (Name: Quoted(member.Name), Value: Canonical(member.Value))).ToList();
                    return pairs.Exists(pair => pair.Value is null) ? null : $"{{{string.Join(',', pairs.Select(pair => $"{pair.Name}:{pair.Value}"))}}}";
                case JsonValueKind.Array:
                    var items = value.EnumerateArray().Select(Canonical).ToList();
                    return items.Contains(null) ? null : $"[{string.Join(',', items)}]";
                case JsonValueKind.String:
                    return Quoted(value.GetString()!);
                case JsonValueKind.Number:
                    return value.TryGetDouble(out var number) && double.IsFinite(number) ? Number(number) : null;
                default:
                    return value.GetRawText();
            }
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair
        }
    }

    private static string Quoted(string text) => "\"" + string.Concat(text.Select(c => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
        _ => c.ToString(),
    })) + "\"";

    /// <summary>As ECMAScript writes it; the framework's own round-trip digits are the shortest as well.</summary>
    private static string Number(double number)
    {
        if (number == 0)
            return "0";

        var text = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        var sign = number < 0 ? "-" : "";
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var (mantissa, exponent) = e < 0 ? (text, 0) : (text[..e], int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture));
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        exponent += point < 0 ? mantissa.Length : point;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        exponent -= all.Length - digits.Length;
        digits = digits.TrimEnd('0');
        if (exponent is > 0 and <= 21)
            return sign + (digits.Length <= exponent ? digits.PadRight(exponent, '0') : $"{digits[..exponent]}.{digits[exponent..]}");
        if (exponent is > -6 and <= 0)
            return $"{sign}0.{new string('0', -exponent)}{digits}";

        return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[..1]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent > 0 ? "+" : "-")}{Math.Abs(exponent - 1)}");
    }
}
