using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Webhooks;

/// <summary>
/// JSON Web Tokens (RFC 7519, RFC 7515 compact form) with exactly the algorithm the manifest means: HS with <c>secret</c>, RS or ES with <c>publicKey</c>, by the size of
/// <c>algorithm</c>. The token's own <c>alg</c> chooses nothing. <c>exp</c> and <c>nbf</c> are honoured, <c>iat</c> is held to the tolerance.
/// </summary>
internal sealed class JwtVerifier : SchemeVerifier
{
    // Clocks differ; RFC 7519 §4.1.4 allows "usually no more than a few minutes".
    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(1);
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16 };

    private readonly SignatureSource source;
    private readonly RequestTemplate key;
    private readonly bool shared;
    private readonly SecretEncoding secretEncoding;
    private readonly HashAlgorithmName algorithm;
    private readonly string bits;
    private readonly TimeSpan? tolerance;
    private readonly TimeProvider time;

    public JwtVerifier(VerifyManifest scheme, TimeProvider time)
        : base(scheme)
    {
        source = new SignatureSource(scheme);
        shared = scheme.PublicKey is null;
        key = shared ? CompileSetting(scheme.Secret, "secret") : CompileSetting(scheme.PublicKey, "publicKey");
        secretEncoding = SecretKey.Encoding(scheme.SecretEncoding);
        algorithm = scheme.Algorithm is "sha256" or "sha384" or "sha512"
            ? Algorithms.Hash(scheme.Algorithm)
            : throw new ArgumentException("verify.algorithm: JSON Web Tokens know sha256, sha384 and sha512.");
        bits = scheme.Algorithm["sha".Length..];
        tolerance = scheme.Tolerance;
        this.time = time;
    }

    protected override VerificationResult Verify(RequestParts request, ConnectionContext connection)
    {
        var first = FirstConfigured(key, request, connection, out var text);
        if (first < 0)
            return NotConfigured("The connection has no key to verify webhook tokens with.");

        var found = new SignatureList();
        if (source.Read(request, ref found) is { Ok: false } refused)
            return refused;

        var token = found[0].Span.ToString().Split('.');
        if (token.Length != 3 || !TryDecode(token[0], out var header) || !TryDecode(token[1], out var claims) || !TryDecode(token[2], out var signature))
            return Malformed("The token is no JSON Web Token.");

        var signed = Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}");
        var usable = false;
        for (var i = first; i < ConfigCount(connection); i++)
        {
            var current = i == first ? text : Render(key, request, connection, i);
            if (current is null)
                continue;

            var (name, matches) = Check(current, signed, signature);
            if (name is null)
                continue;

            usable = true;
            if (!HasAlgorithm(header, name))
                return Malformed("The token's algorithm is not the provider's.");
            if (matches)
                return CheckClaims(claims, request);
        }

        return usable ? Mismatch("The token's signature is wrong.") : NotConfigured("The connection's key for webhook tokens cannot be read.");
    }

    /// <summary>The algorithm's name for this key (nothing when the key cannot be read), and whether the signature fits.</summary>
    private (string? Name, bool Matches) Check(string text, byte[] signed, byte[] signature)
    {
        if (shared)
        {
            return SecretKey.TryDecode(text, secretEncoding, out var secret)
                ? ("HS" + bits, CryptographicOperations.FixedTimeEquals(CryptographicOperations.HmacData(algorithm, secret, signed), signature))
                : (null, false);
        }

        var pem = text.Replace("\\n", "\n", StringComparison.Ordinal);
        try
        {
            using var elliptic = ECDsa.Create();
            if (TryImport(elliptic, pem))
                return ("ES" + bits, elliptic.VerifyData(signed, signature, algorithm, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

            using var rsa = RSA.Create();
            return TryImport(rsa, pem) && rsa.KeySize >= 2048 ? ("RS" + bits, rsa.VerifyData(signed, signature, algorithm, RSASignaturePadding.Pkcs1)) : (null, false);
        }
        catch (CryptographicException)
        {
            return (null, false);
        }
    }

    private static bool TryImport(AsymmetricAlgorithm key, string text)
    {
        try
        {
            if (text.Contains("-----BEGIN", StringComparison.Ordinal))
                key.ImportFromPem(text);
            else
                key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text.Trim()), out _);

            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or ArgumentException)
        {
            return false;
        }
    }

    private VerificationResult CheckClaims(byte[] json, RequestParts request)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            var claims = document.RootElement;
            if (claims.ValueKind != JsonValueKind.Object)
                return Malformed("The token's claims are no object.");

            var now = time.GetUtcNow();
            if (Moment(claims, "exp") is { } expires && now - Leeway >= expires)
                return Outside("The token has expired.");
            if (Moment(claims, "nbf") is { } starts && now + Leeway < starts)
                return Outside("The token is not valid yet.");
            if (tolerance is { } allowed)
            {
                if (Moment(claims, "iat") is not { } issued)
                    return VerificationResult.Refused(VerificationFailure.MissingTimestamp, "The token does not say when it was issued.");
                if ((now - issued).Duration() > allowed)
                    return Outside($"The token was issued more than {allowed.TotalSeconds:0} seconds from now.");
            }

            foreach (var rule in BodyHashes)
            {
                var result = rule.Claim is null ? rule.Check(request) : rule.Check(claims.TryGetMember(rule.Claim, out var claim) ? RequestParts.Text(claim) : null, request);
                if (!result.Ok)
                    return result;
            }

            return VerificationResult.Verified;
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            return Malformed("The token's claims cannot be read.");
        }
    }

    private static DateTimeOffset? Moment(JsonElement claims, string name)
    {
        if (!claims.TryGetMember(name, out var claim))
            return null;

        return claim.ValueKind == JsonValueKind.Number && claim.TryGetDouble(out var seconds) && EventTime.TryFromUnix((long)seconds, false, out var moment)
            ? moment
            : throw new FormatException();
    }

    private static bool HasAlgorithm(byte[] header, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(header, Options);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetMember("alg", out var algorithm)
                && RequestParts.Text(algorithm) == name
                && !root.TryGetMember("crit", out _); // extensions that must be understood (RFC 7515 §4.1.11)
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        // Neither padding nor white space (RFC 7515 §2), both of which the framework lets pass.
        if (text.Length == 0 || text.AsSpan().ContainsAny("= \t\r\n") || !Base64Url.IsValid(text, out var length))
            return false;

        bytes = new byte[length];
        return Base64Url.TryDecodeFromChars(text, bytes, out var written) && written == length;
    }

    private static VerificationResult Malformed(string what) => VerificationResult.Refused(VerificationFailure.MalformedSignature, what);

    private static VerificationResult Outside(string what) => VerificationResult.Refused(VerificationFailure.TimestampOutsideTolerance, what);
}
