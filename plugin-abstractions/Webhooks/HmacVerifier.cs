using System.Security.Cryptography;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>
/// Keyed hashes (RFC 2104), and plain hashes of a string that contains the secret. The hot path: no JSON, no reflection, pooled memory, and the body is hashed where it lies.
/// </summary>
internal sealed class HmacVerifier : SchemeVerifier
{
    private readonly SignedContent content;
    private readonly RequestTemplate secret;
    private readonly KeyedHashes? hashes;
    private readonly RequestTemplate before;
    private readonly RequestTemplate? after;
    private readonly HashAlgorithmName algorithm;
    private readonly int size;

    public HmacVerifier(VerifyManifest scheme, TimeProvider time)
        : base(scheme)
    {
        content = new SignedContent(scheme, time);
        secret = CompileSetting(scheme.Secret, "secret");
        algorithm = Algorithms.Hash(scheme.Algorithm);
        size = Algorithms.Size(algorithm);
        var (encoding, prefix) = (SecretKey.Encoding(scheme.SecretEncoding), SecretKey.Prefix(scheme.SecretPrefix));
        hashes = (content.Template.Parts & Part.Secret) == 0 ? new KeyedHashes(algorithm, encoding, prefix) : null;
        after = content.Template.SplitsAtBody(out before, out var rest) ? rest : null;
    }

    protected override VerificationResult Verify(RequestParts request, ConnectionContext connection)
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
            if (current is null)
                continue;

            var values = new PartValues
            {
                Request = request, Connection = connection, Config = Config(connection, i), Timestamp = sentAt.Span, Id = id, Secret = current,
            };
            if (hashes is null)
            {
                usable = true;
                if (Matches(values, null, candidates[..(count * size)]))
                    return VerificationResult.Verified;
            }
            else if (hashes.Rent(current) is { } hash)
            {
                usable = true;
                var matches = Matches(values, hash, candidates[..(count * size)]);
                hashes.Return(current, hash);
                if (matches)
                    return VerificationResult.Verified;
            }
        }

        return usable ? Mismatch("The signature does not fit the request.") : NotConfigured("The connection's webhook secret is not in the encoding the provider uses.");
    }

    private bool Matches(in PartValues values, IncrementalHash? keyed, ReadOnlySpan<byte> candidates)
    {
        Span<byte> expected = stackalloc byte[Algorithms.MaxHashSize];
        expected = expected[..size];
        var buffer = new SignedBuffer(512);
        var matches = false;
        for (var spelling = 0; spelling < content.UrlSpellings && !matches; spelling++)
        {
            if (SignedContent.SpellUrl(values.Request.Request.Url, spelling) is not { } url)
                continue;

            if (keyed is null)
                Hash(ref buffer, spelling == 0 ? values : values.WithUrl(url), expected);
            else
                Hash(ref buffer, spelling == 0 ? values : values.WithUrl(url), keyed, expected);

            for (var at = 0; at < candidates.Length; at += size)
                matches |= CryptographicOperations.FixedTimeEquals(candidates.Slice(at, size), expected);
        }

        buffer.Dispose();
        return matches;
    }

    private void Hash(ref SignedBuffer buffer, in PartValues values, scoped Span<byte> expected)
    {
        buffer.Clear();
        content.Template.Write(ref buffer, values);
        CryptographicOperations.HashData(algorithm, buffer.Written, expected);
    }

    private void Hash(ref SignedBuffer buffer, in PartValues values, IncrementalHash keyed, scoped Span<byte> expected)
    {
        Append(ref buffer, before, values, keyed);
        if (after is not null)
        {
            keyed.AppendData(values.Request.Request.Body.Span);
            Append(ref buffer, after, values, keyed);
        }

        keyed.GetHashAndReset(expected);
    }

    private static void Append(ref SignedBuffer buffer, RequestTemplate part, in PartValues values, IncrementalHash keyed)
    {
        if (part.IsEmpty)
            return;

        buffer.Clear();
        part.Write(ref buffer, values);
        keyed.AppendData(buffer.Written);
    }
}
