using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>HTTP Basic credentials (RFC 7617) in the header <c>Authorization</c>.</summary>
internal sealed class BasicVerifier : SchemeVerifier
{
    private const string HeaderName = "Authorization";
    private const string Prefix = "Basic ";
    private const int MaxLength = 2048;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly RequestTemplate username;
    private readonly RequestTemplate password;

    public BasicVerifier(VerifyManifest scheme)
        : base(scheme)
    {
        username = CompileSetting(scheme.Username, "username");
        password = CompileSetting(scheme.Password, "password");
    }

    protected override VerificationResult Verify(RequestParts request, ConnectionContext connection)
    {
        if (FirstConfigured(password, request, connection, out _) < 0 || FirstConfigured(username, request, connection, out _) < 0)
            return NotConfigured("The connection has no user name and password for webhooks.");

        switch (request.Header(HeaderName, out var header))
        {
            case Occurrence.Many:
                return VerificationResult.Refused(VerificationFailure.MalformedSignature, "The header Authorization came more than once.");
            case Occurrence.None:
            case Occurrence.One when string.IsNullOrWhiteSpace(header):
                return VerificationResult.Refused(VerificationFailure.MissingSignature, "The header Authorization is missing or empty.");
            default:
                break;
        }

        if (!TryRead(header, out var credentials))
            return VerificationResult.Refused(VerificationFailure.MalformedSignature, "The header Authorization has no Basic credentials.");
        if (CheckBodyHashes(request) is { Ok: false } differing)
            return differing;

        for (var i = 0; i < ConfigCount(connection); i++)
        {
            if (Render(username, request, connection, i) is { } name && Render(password, request, connection, i) is { } word
                && ConstantTime.Equal(credentials, $"{name}:{word}"))
                return VerificationResult.Verified;
        }

        return Mismatch("The user name or the password is wrong.");
    }

    private static bool TryRead(string header, out string credentials)
    {
        credentials = "";
        if (header.Length > MaxLength || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return false;

        Span<byte> bytes = stackalloc byte[MaxLength];
        if (!SignatureText.TryDecode(header.AsSpan(Prefix.Length).Trim(' '), SignatureEncoding.Base64, bytes, out var length))
            return false;

        try
        {
            credentials = Strict.GetString(bytes[..length]);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        return credentials.Contains(':', StringComparison.Ordinal);
    }
}
