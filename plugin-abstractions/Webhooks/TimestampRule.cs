using System.Globalization;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>Reads the request's timestamp and keeps it near now, against replays. Immutable and thread-safe.</summary>
internal sealed class TimestampRule
{
    private readonly string unit;
    private readonly TimeSpan? tolerance;
    private readonly string? header;
    private readonly BodyPointer? body;
    private readonly bool needed;
    private readonly bool signed;
    private readonly TimeProvider time;

    /// <exception cref="ArgumentException">The unit is unknown, or a timestamp is needed that the scheme has not got.</exception>
    public TimestampRule(VerifyManifest scheme, SignatureFormat? format, bool signed, TimeProvider time)
    {
        unit = scheme.TimestampUnit is "seconds" or "milliseconds" or "iso" or "http"
            ? scheme.TimestampUnit
            : throw new ArgumentException($"verify.timestampUnit: '{scheme.TimestampUnit}' is unknown; use seconds, milliseconds, iso or http.");
        tolerance = scheme.Tolerance;
        header = scheme.TimestampHeader;
        body = scheme.TimestampBody is null ? null : BodyPointer.Compile(scheme.TimestampBody);
        needed = signed || tolerance is not null;
        this.signed = signed;
        this.time = time;
        if (needed && format?.HasTimestamp != true && header is null && body is null)
            throw new ArgumentException("verify: a tolerance or a signed timestamp needs {timestamp} in 'format', 'timestampHeader' or 'timestampBody'.");
    }

    /// <summary>The header it stands in; nothing when it stands elsewhere or is not asked for.</summary>
    public string? Header => needed ? header : null;

    /// <summary>Reads and checks. The text is as it came, for the signed string.</summary>
    public VerificationResult Read(RequestParts request, in SignatureList found, out Slice text)
    {
        text = Slice.Whole("");
        if (!needed)
            return VerificationResult.Verified;

        if (found.Timestamp is { } fromFormat)
        {
            text = fromFormat;
        }
        else if (header is not null)
        {
            var occurrence = request.Header(header, out var value);
            if (occurrence == Occurrence.Many)
                return VerificationResult.Refused(VerificationFailure.MalformedSignature, $"The header {header} came more than once.");
            text = Slice.Whole(value);
        }
        else if (body is not null)
        {
            text = Slice.Whole(request.Pointer(body) ?? "");
        }

        if (text.Length == 0)
            return VerificationResult.Refused(VerificationFailure.MissingTimestamp, "The timestamp is missing.");

        // Without a tolerance it is read all the same: what is signed beside the body must not be able to take over a part of it.
        if (!TryParse(text.Span, out var sent))
            return VerificationResult.Refused(VerificationFailure.MissingTimestamp, $"The timestamp cannot be read as {unit}.");

        if (tolerance is { } allowed && (time.GetUtcNow() - sent).Duration() > allowed)
            return VerificationResult.Refused(VerificationFailure.TimestampOutsideTolerance, $"The timestamp is more than {allowed.TotalSeconds:0} seconds from now.");

        return VerificationResult.Verified;
    }

    /// <summary>Writes a timestamp in the scheme's unit.</summary>
    public string Write(DateTimeOffset moment) => unit switch
    {
        "seconds" => moment.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        "milliseconds" => moment.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        "http" => moment.UtcDateTime.ToString("r", CultureInfo.InvariantCulture),
        _ => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
    };

    private bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset moment)
    {
        moment = default;
        if (unit == "iso")
            return EventTime.TryParseIso(text, out moment) && (!signed || HasOffset(text));
        if (unit == "http")
            return DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out moment);

        // Digits only: no sign, no white space, no trailing NUL (which the framework's parsers let pass), no digits of other scripts.
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
                return false;
        }

        return text.Length <= 18
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && EventTime.TryFromUnix(number, unit == "milliseconds", out moment);
    }

    /// <summary>Without the offset at its end a moment would be readable when its last characters were moved into the body that is signed beside it.</summary>
    private static bool HasOffset(ReadOnlySpan<char> text) =>
        text[^1] is 'Z' or 'z' || (text[^6] is '+' or '-' && char.IsAsciiDigit(text[^5]) && char.IsAsciiDigit(text[^4]) && text[^3] == ':' && char.IsAsciiDigit(text[^2]) && char.IsAsciiDigit(text[^1]));
}
