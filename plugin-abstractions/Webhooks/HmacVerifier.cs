using System.Security.Cryptography;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>Keyed hashes (RFC 2104), and plain hashes of a string that contains the secret. The hot path: no JSON, no reflection, pooled memory.</summary>
internal sealed class HmacVerifier : SchemeVerifier
{
    private readonly SignedContent content;
    private readonly RequestTemplate secret;
    private readonly SecretEncoding secretEncoding;
    private readonly HashAlgorithmName algorithm;
    private readonly int size;
    private readonly bool keyed;

    public HmacVerifier(VerifyManifest scheme, TimeProvider time)
        : base(scheme)
    {
        content = new SignedContent(scheme, time);
        secret = CompileSetting(scheme.Secret, "secret");
        secretEncoding = SecretKey.Encoding(scheme.SecretEncoding);
        algorithm = Algorithms.Hash(scheme.Algorithm);
        size = Algorithms.Size(algorithm);
        keyed = (content.Template.Parts & Part.Secret) == 0;
    }

    public override VerificationResult Verify(RequestParts request, ConnectionContext connection)
    {
        var first = FirstConfigured(secret, request, connection, out var text);
        if (first < 0)
            return NotConfigured("The connection has no webhook secret.");

        var found = new SignatureList();
        if (content.Read(request, ref found, out var sentAt, out var id) is { Ok: false } refused)
            return refused;

        // One slot a candidate; those that cannot be a signature are skipped, and when none is left the request is malformed.
        Span<byte> candidates = stackalloc byte[SignatureList.Max * Algorithms.MaxHashSize];
        var count = 0;
        for (var i = 0; i < found.Count; i++)
        {
            if (SignatureText.TryDecode(found[i].Span, content.Encoding, candidates.Slice(count * size, size), out var length) && length == size)
                count++;
        }

        if (count == 0)
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, $"The signature is not {size} bytes in the expected encoding.");
        if (CheckBodyHashes(request) is { Ok: false } differing)
            return differing;

        var usable = false;
        for (var i = first; i < ConfigCount(connection); i++)
        {
            var current = i == first ? text : Render(secret, request, connection, i);
            if (current is null || !SecretKey.TryDecode(current, secretEncoding, out var key))
                continue;

            usable = true;
            var values = new PartValues
            {
                Request = request, Connection = connection, Config = Config(connection, i), Timestamp = sentAt.Span, Id = id, Secret = current,
            };
            var matches = Matches(values, key, candidates[..(count * size)]);
            CryptographicOperations.ZeroMemory(key);
            if (matches)
                return VerificationResult.Verified;
        }

        return usable ? Mismatch("The signature does not fit the request.") : NotConfigured("The connection's webhook secret is not in the encoding the provider uses.");
    }

    private bool Matches(in PartValues values, ReadOnlySpan<byte> key, ReadOnlySpan<byte> candidates)
    {
        var body = values.Request.Request.Body.Span;
        if (content.Template.IsBody)
            return Matches(key, body, candidates);

        var buffer = new SignedBuffer(body.Length + 256);
        var matches = false;
        for (var spelling = 0; spelling < content.UrlSpellings && !matches; spelling++)
        {
            if (SignedContent.SpellUrl(values.Request.Request.Url, spelling) is not { } url)
                continue;

            buffer.Clear();
            content.Template.Write(ref buffer, values.WithUrl(url));
            matches = Matches(key, buffer.Written, candidates);
        }

        buffer.Dispose();
        return matches;
    }

    private bool Matches(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> candidates)
    {
        Span<byte> expected = stackalloc byte[Algorithms.MaxHashSize];
        expected = expected[..size];
        if (keyed)
            CryptographicOperations.HmacData(algorithm, key, data, expected);
        else
            CryptographicOperations.HashData(algorithm, data, expected);

        var matches = false;
        for (var at = 0; at < candidates.Length; at += size)
            matches |= CryptographicOperations.FixedTimeEquals(candidates.Slice(at, size), expected);

        return matches;
    }
}
