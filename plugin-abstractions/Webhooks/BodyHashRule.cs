using System.Security.Cryptography;

namespace IntegrationHub.Webhooks;

/// <summary>Requires a part of the request to be a hash of the raw body. Immutable and thread-safe.</summary>
internal sealed class BodyHashRule
{
    private readonly RequestTemplate? template;
    private readonly SignatureEncoding encoding;

    /// <param name="part"><c>query.x</c>, <c>header.X</c>, a JSON pointer, or <c>claim.x</c> of a JSON Web Token.</param>
    /// <param name="hash"><c>sha256-hex</c> and its like.</param>
    /// <exception cref="ArgumentException">One of them is unknown.</exception>
    public BodyHashRule(string part, string hash)
    {
        var dash = hash.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0)
            throw new ArgumentException($"verify.bodyHash: '{hash}' is unknown; write for example sha256-hex.");

        Algorithm = Algorithms.Hash(hash[..dash]);
        encoding = SignatureText.Encoding(hash[(dash + 1)..]);
        Part = part;
        Claim = part.StartsWith("claim.", StringComparison.Ordinal) ? part["claim.".Length..] : null;
        template = Claim is null ? RequestTemplate.Compile($"{{{part}}}", Webhooks.Part.Content, "verify.bodyHash") : null;
    }

    public string Part { get; }

    public string? Claim { get; }

    private HashAlgorithmName Algorithm { get; }

    public static string Sha256Hex(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(body, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>The value that the part must have.</summary>
    public string Write(ReadOnlySpan<byte> body) => SignatureText.Encode(CryptographicOperations.HashData(Algorithm, body), encoding);

    public VerificationResult Check(RequestParts request)
    {
        if (template is null)
            return VerificationResult.Verified; // a claim: the token's verifier asks with its value
        if (template.FindAmbiguous(request) is { } ambiguous)
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, ambiguous);

        return Check(template.Render(new PartValues { Request = request }), request);
    }

    public VerificationResult Check(string? value, RequestParts request)
    {
        if (string.IsNullOrEmpty(value))
            return VerificationResult.Refused(VerificationFailure.MissingSignature, $"The body's hash in {Part} is missing.");

        Span<byte> claimed = stackalloc byte[Algorithms.MaxHashSize];
        Span<byte> actual = stackalloc byte[Algorithms.MaxHashSize];
        if (!SignatureText.TryDecode(value, encoding, claimed, out var length))
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, $"The body's hash in {Part} cannot be read.");

        var size = CryptographicOperations.HashData(Algorithm, request.Request.Body.Span, actual);
        return CryptographicOperations.FixedTimeEquals(claimed[..length], actual[..size])
            ? VerificationResult.Verified
            : VerificationResult.Refused(VerificationFailure.SignatureMismatch, $"The body does not have the hash in {Part}.");
    }
}
