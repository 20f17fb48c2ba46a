using System.Security.Cryptography;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>Signatures with the provider's private key: ECDSA (DER, as X9.62 has it), RSA (PKCS#1 v1.5, RFC 8017 §8.2) and Ed25519 (RFC 8032).</summary>
internal sealed class PublicKeyVerifier : SchemeVerifier
{
    private const int MaxSignatureSize = 1024; // RSA with 8192 bits

    private readonly SignedContent content;
    private readonly RequestTemplate publicKey;
    private readonly HashAlgorithmName algorithm;
    private readonly PublicKeys keys;

    public PublicKeyVerifier(VerifyManifest scheme, TimeProvider time)
        : base(scheme)
    {
        content = new SignedContent(scheme, time);
        publicKey = CompileSetting(scheme.PublicKey, "publicKey");
        algorithm = Algorithms.Hash(scheme.Algorithm);
        keys = new PublicKeys(scheme.Scheme);
    }

    public override VerificationResult Verify(RequestParts request, ConnectionContext connection)
    {
        var first = FirstConfigured(publicKey, request, connection, out var text);
        if (first < 0)
            return NotConfigured("The connection has no public key to verify webhooks with.");

        var found = new SignatureList();
        if (content.Read(request, ref found, out var sentAt, out var id) is { Ok: false } refused)
            return refused;
        if (CheckBodyHashes(request) is { Ok: false } differing)
            return differing;

        Span<byte> signature = stackalloc byte[MaxSignatureSize];
        var (readable, usable) = (false, false);
        for (var i = first; i < ConfigCount(connection); i++)
        {
            var current = i == first ? text : Render(publicKey, request, connection, i);
            if (current is null || !keys.TryRent(current, out var key))
                continue;

            usable = true;
            var values = new PartValues { Request = request, Connection = connection, Config = Config(connection, i), Timestamp = sentAt.Span, Id = id };
            var matches = false;
            for (var candidate = 0; candidate < found.Count && !matches; candidate++)
            {
                if (!SignatureText.TryDecode(found[candidate].Span, content.Encoding, signature, out var length) || length == 0)
                    continue;
                readable = true;
                matches = Matches(key, values, signature[..length]);
            }

            keys.Return(current, key);
            if (matches)
                return VerificationResult.Verified;
        }

        if (!usable)
            return NotConfigured("The connection's public key cannot be read.");

        return readable
            ? Mismatch("The signature does not fit the request.")
            : VerificationResult.Refused(VerificationFailure.MalformedSignature, "The signature is not in the expected encoding.");
    }

    private bool Matches(VerificationKey key, in PartValues values, ReadOnlySpan<byte> signature)
    {
        var body = values.Request.Request.Body.Span;
        if (content.Template.IsBody)
            return key.Verify(body, signature, algorithm);

        var buffer = new SignedBuffer(body.Length + 256);
        var matches = false;
        for (var spelling = 0; spelling < content.UrlSpellings && !matches; spelling++)
        {
            if (SignedContent.SpellUrl(values.Request.Request.Url, spelling) is not { } url)
                continue;

            buffer.Clear();
            content.Template.Write(ref buffer, values.WithUrl(url));
            matches = key.Verify(buffer.Written, signature, algorithm);
        }

        buffer.Dispose();
        return matches;
    }
}
