using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>What the signature schemes share: where the signature stands, and the string it is over. Immutable and thread-safe.</summary>
internal sealed class SignedContent
{
    private readonly TimestampRule timestamp;
    private readonly string? idHeader;
    private readonly bool portOptional;

    /// <exception cref="ArgumentException">A rule is faulty.</exception>
    public SignedContent(VerifyManifest scheme, TimeProvider time)
    {
        Source = new SignatureSource(scheme);
        Encoding = SignatureText.Encoding(scheme.Encoding);
        Template = RequestTemplate.Compile(scheme.Signed, Part.Signed, "verify.signed");
        timestamp = new TimestampRule(scheme, Source.Format, (Template.Parts & Part.Timestamp) != 0, time);
        idHeader = scheme.IdHeader;
        portOptional = scheme.PortOptional && (Template.Parts & Part.Url) != 0;
        CoversOnlyForms = (Template.Parts & Part.SortedForm) != 0 && (Template.Parts & (Part.Body | Part.BodyHash)) == 0 && scheme.BodyHash.Count == 0;
        if (idHeader is null && (Template.Parts & Part.Id) != 0)
            throw new ArgumentException("verify.signed: {id} needs 'idHeader'.");
    }

    public SignatureSource Source { get; }

    public SignatureEncoding Encoding { get; }

    public RequestTemplate Template { get; }

    /// <summary>Whether a body that is no form would be outside the signature: a signed request without a body could then be sent with any body.</summary>
    private bool CoversOnlyForms { get; }

    /// <summary>How many spellings of the address are tried.</summary>
    public int UrlSpellings => portOptional ? 3 : 1;

    /// <summary>Reads signatures, timestamp and id, and refuses what cannot be right whatever the key.</summary>
    public VerificationResult Read(RequestParts request, ref SignatureList found, out Slice sentAt, out string id)
    {
        sentAt = Slice.Whole("");
        id = "";
        if (Source.Read(request, ref found) is { Ok: false } source)
            return source;
        if (Template.FindAmbiguous(request) is { } ambiguous)
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, ambiguous);

        if (idHeader is not null)
        {
            var occurrence = request.Header(idHeader, out id);
            if (occurrence == Occurrence.Many)
                return VerificationResult.Refused(VerificationFailure.MalformedSignature, $"The header {idHeader} came more than once.");
            if (id.Length == 0)
                return VerificationResult.Refused(VerificationFailure.MissingSignature, $"The header {idHeader} is missing or empty.");
        }

        if ((Template.Parts & Part.ListedHeaders) != 0 && timestamp.Header is { } sent && !Template.ListsHeader(sent, request))
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, $"The header {sent} is not among those that are signed.");
        if ((Template.Parts & Part.CanonicalBody) != 0 && !request.Request.Body.IsEmpty && (!request.TryGetWhole(out var whole) || CanonicalJson.Write(whole) is null))
            return VerificationResult.Refused(VerificationFailure.SignatureMismatch, "The body has no canonical spelling, and that is what is signed.");
        if (CoversOnlyForms && !request.Request.Body.IsEmpty && (!request.IsForm || request.Form is null))
            return VerificationResult.Refused(VerificationFailure.SignatureMismatch, "The body is no form, and the signature covers only forms.");

        if (timestamp.Read(request, found, out sentAt) is { Ok: false } untimely)
            return untimely;

        return Template.DependsOnRequest(new PartValues { Request = request, Timestamp = sentAt.Span, Id = id })
            ? VerificationResult.Verified
            : VerificationResult.Refused(VerificationFailure.SignatureMismatch, "Nothing of what is signed is in the request.");
    }

    /// <summary>One spelling of the request's address: as it is, with the default port, without a port. <see langword="null"/> when that is one already tried.</summary>
    public static string? SpellUrl(string url, int spelling)
    {
        if (spelling == 0)
            return url;

        var start = url.IndexOf("://", StringComparison.Ordinal) + 3;
        if (start < 3)
            return null;

        var end = url.AsSpan(start).IndexOfAny('/', '?', '#') is var length and >= 0 ? start + length : url.Length;
        var authority = url.AsSpan(start, end - start);
        var colon = authority.LastIndexOf(':');
        if (colon < authority.LastIndexOf(']') || colon < authority.LastIndexOf('@'))
            colon = -1; // of an IPv6 address, or of credentials

        if (spelling == 1)
            return colon >= 0 ? null : $"{url.AsSpan(0, end)}:{(url.StartsWith("https", StringComparison.OrdinalIgnoreCase) ? "443" : "80")}{url.AsSpan(end)}";

        return colon < 0 ? null : $"{url.AsSpan(0, start + colon)}{url.AsSpan(end)}";
    }

    /// <summary>Writes a timestamp as the scheme wants it.</summary>
    public string WriteTimestamp(DateTimeOffset moment) => timestamp.Write(moment);
}
