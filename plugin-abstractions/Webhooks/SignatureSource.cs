using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>Where a request carries its signatures or token, and how to read them. Immutable and thread-safe.</summary>
internal sealed class SignatureSource
{
    /// <summary>The longest header value that is looked at, in characters: a 4096-bit RSA signature takes 684, a JSON Web Token rarely more than 4000.</summary>
    private const int MaxLength = 8192;

    private readonly string? header;
    private readonly string? query;
    private readonly BodyPointer? body;
    private readonly string? separator;
    private readonly bool ignoreCase;

    /// <exception cref="ArgumentException">The scheme names no source, or a faulty format.</exception>
    public SignatureSource(VerifyManifest scheme)
    {
        header = scheme.Header;
        query = scheme.Query;
        body = scheme.Body is null ? null : BodyPointer.Compile(scheme.Body);
        separator = string.IsNullOrEmpty(scheme.Separator) ? null : scheme.Separator;
        Format = SignatureFormat.Compile(scheme.Format);

        // "Bearer" and its like compare without case (RFC 9110 §11.1); versions such as v1= do not.
        ignoreCase = scheme.Scheme is VerifyScheme.Token or VerifyScheme.Jwt;
        if (header is null && query is null && body is null)
            throw new ArgumentException($"verify: the scheme {scheme.Scheme} needs 'header', 'query' or 'body'.");
    }

    public SignatureFormat Format { get; }

    private string Name => header is not null ? $"header {header}" : query is not null ? $"query parameter {query}" : $"body's value at {body!.Text}";

    /// <summary>Reads the signatures. A value that must be single and came twice is refused: which one was meant is for nobody to guess.</summary>
    public VerificationResult Read(RequestParts request, ref SignatureList found)
    {
        if (header is not null)
        {
            request.Request.Headers.TryGetValue(header, out var values);
            if (values is { Count: > 1 } && separator is null)
                return Malformed("came more than once");

            var any = false;
            for (var i = 0; i < values?.Count; i++)
            {
                if (string.IsNullOrWhiteSpace(values[i]))
                    continue;
                any = true;
                if (Read(values[i], ref found) is { Ok: false } refused)
                    return refused;
            }

            return any ? Check(found) : Missing();
        }

        string? value;
        if (query is not null)
        {
            var occurrence = request.Query(query, out value);
            if (occurrence == Occurrence.Many)
                return Malformed("came more than once");
        }
        else
        {
            value = request.Pointer(body!);
        }

        if (string.IsNullOrWhiteSpace(value))
            return Missing();

        return Read(value, ref found) is { Ok: false } failed ? failed : Check(found);
    }

    private VerificationResult Read(string value, ref SignatureList found)
    {
        if (value.Length > MaxLength)
            return Malformed($"is longer than {MaxLength} characters");

        if (separator is null)
        {
            Format.TryRead(Slice.Whole(value), ignoreCase, ref found);
            return VerificationResult.Verified;
        }

        foreach (var range in value.AsSpan().Split(separator))
        {
            // What has another format is another version's signature: skipped, so that a provider can introduce one.
            var (start, length) = range.GetOffsetAndLength(value.Length);
            Format.TryRead(new Slice(value, start, length), ignoreCase, ref found);
        }

        return VerificationResult.Verified;
    }

    private VerificationResult Check(in SignatureList found)
    {
        if (found.Overflowed)
            return Malformed($"has more than {SignatureList.Max} signatures");
        if (found.TimestampRepeated)
            return Malformed("has more than one timestamp");

        return found.Count == 0 ? Malformed("does not have the expected format") : VerificationResult.Verified;
    }

    private VerificationResult Missing() => VerificationResult.Refused(VerificationFailure.MissingSignature, $"The {Name} is missing or empty.");

    private VerificationResult Malformed(string what) => VerificationResult.Refused(VerificationFailure.MalformedSignature, $"The {Name} {what}.");
}
