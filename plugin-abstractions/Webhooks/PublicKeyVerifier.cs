using System.Security.Cryptography;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>Signatures with the provider's private key: ECDSA (DER, as X9.62 has it), RSA (PKCS#1 v1.5, RFC 8017 §8.2) and Ed25519 (RFC 8032).</summary>
internal sealed class PublicKeyVerifier : SchemeVerifier
{
    private const int MaxSignatureSize = 1024; // RSA with 8192 bits

    private readonly SignedContent content;
    private readonly RequestTemplate? publicKey;
    private readonly SigningCertificates? certificates;
    private readonly HashAlgorithmName algorithm;
    private readonly PublicKeys keys;

    public PublicKeyVerifier(VerifyManifest scheme, IWebhookFetcher? fetcher, TimeProvider time)
        : base(scheme)
    {
        content = new SignedContent(scheme, time);
        if (scheme.Certificate is not null && (scheme.PublicKey is not null || scheme.Each is not null || scheme.Scheme == VerifyScheme.Ed25519))
            throw new ArgumentException("verify.certificate: it is for rsa and ecdsa, instead of 'publicKey', and not for 'each'.");

        certificates = scheme.Certificate is null ? null : new SigningCertificates(scheme.Certificate, fetcher, time);
        publicKey = certificates is null ? CompileSetting(scheme.PublicKey, "publicKey") : null;
        algorithm = Algorithms.Hash(scheme.Algorithm);
        keys = new PublicKeys(scheme.Scheme);
    }

    /// <summary>Waits for the certificates that the request needs and that are not known yet. Afterwards it can be verified, or stays undecided.</summary>
    public async Task PrepareAsync(RequestParts request, ConnectionContext connection, CancellationToken cancellationToken)
    {
        for (var i = 0; i < (certificates is null ? 0 : ConfigCount(connection)); i++)
        {
            if (certificates!.Locate(request, connection, i, out var place).Ok)
                await certificates.ObtainAsync(place, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override VerificationResult Verify(RequestParts request, ConnectionContext connection)
    {
        var (first, text) = (0, "");
        if (publicKey is not null && (first = FirstConfigured(publicKey, request, connection, out text)) < 0)
            return NotConfigured("The connection has no public key to verify webhooks with.");

        var found = new SignatureList();
        if (content.Read(request, ref found, out var sentAt, out var id) is { Ok: false } refused)
            return refused;
        if (CheckBodyHashes(request) is { Ok: false } differing)
            return differing;

        Span<byte> signature = stackalloc byte[MaxSignatureSize];
        var (readable, usable) = (false, false);
        var missing = default(VerificationResult?);
        for (var i = first; i < ConfigCount(connection); i++)
        {
            string? current;
            if (certificates is not null)
            {
                if (CertificateKey(request, connection, i, out current) is { Ok: false } not)
                    missing = missing is { Failure: VerificationFailure.Undecided } ? missing : not;
            }
            else
            {
                current = i == first ? text : Render(publicKey!, request, connection, i);
            }

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

        // A certificate that is not known yet may be the right one: only then is nothing decided.
        if (missing is { } why && (!usable || why.Failure == VerificationFailure.Undecided))
            return why;
        if (!usable)
            return certificates is null ? NotConfigured("The connection's public key cannot be read.") : Mismatch("The certificate's key cannot be used.");

        return readable
            ? Mismatch("The signature does not fit the request.")
            : VerificationResult.Refused(VerificationFailure.MalformedSignature, "The signature is not in the expected encoding.");
    }

    private VerificationResult CertificateKey(RequestParts request, ConnectionContext connection, int config, out string? publicKey)
    {
        publicKey = null;
        if (certificates!.Locate(request, connection, config, out var place) is { Ok: false } refused)
            return refused;
        if (certificates.Find(place) is not { } known)
            return VerificationResult.Refused(VerificationFailure.Undecided, "The certificate is not here yet.");

        publicKey = known.Result.Ok ? known.PublicKey : null;
        return known.Result;
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
