using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>A shared secret that the provider sends along. It proves who sent, not what: the body is covered by TLS alone.</summary>
internal sealed class TokenVerifier : SchemeVerifier
{
    private readonly SignatureSource source;
    private readonly RequestTemplate secret;

    public TokenVerifier(VerifyManifest scheme)
        : base(scheme)
    {
        source = new SignatureSource(scheme);
        secret = CompileSetting(scheme.Secret, "secret");
    }

    protected override VerificationResult Verify(RequestParts request, ConnectionContext connection)
    {
        var first = FirstConfigured(secret, request, connection, out var text);
        if (first < 0)
            return NotConfigured("The connection has no webhook token.");

        var found = new SignatureList();
        if (source.Read(request, ref found) is { Ok: false } refused)
            return refused;
        if (CheckBodyHashes(request) is { Ok: false } differing)
            return differing;

        for (var i = first; i < ConfigCount(connection); i++)
        {
            var expected = i == first ? text : Render(secret, request, connection, i);
            for (var candidate = 0; expected is not null && candidate < found.Count; candidate++)
            {
                if (ConstantTime.Equal(found[candidate].Span, expected))
                    return VerificationResult.Verified;
            }
        }

        return Mismatch("The token is wrong.");
    }
}
