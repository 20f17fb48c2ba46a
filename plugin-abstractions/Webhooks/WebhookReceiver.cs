using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>
/// Verifies and reads the webhooks of one provider as its manifest says. Compiled once from the manifest; immutable and thread-safe; no reflection per request.
/// </summary>
public sealed class WebhookReceiver
{
    /// <summary>Compiles the manifest's rules.</summary>
    /// <param name="webhooks">The rules; valid, as <see cref="ManifestReader"/> ensures.</param>
    /// <param name="custom">The plugin's own verifier, for the scheme <c>custom</c>.</param>
    /// <param name="time">The clock for timestamp tolerance.</param>
    public WebhookReceiver(WebhooksManifest webhooks, IWebhookVerifier? custom, TimeProvider time) => throw new InvalidOperationException();

    /// <summary>Decides whether the request was sent by the provider: any scheme that applies, with the current or an earlier secret.</summary>
    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken) => throw new InvalidOperationException();

    /// <summary>Finds the handshake that the request is, if it is one. The second value says whether it must be verified before it is answered.</summary>
    public (ChallengeResponse Response, bool MustVerify)? MatchChallenge(WebhookRequest request, ConnectionContext connection) => throw new InvalidOperationException();

    /// <summary>Reads the events out of a verified request.</summary>
    public ExtractionResult Extract(WebhookRequest request) => throw new InvalidOperationException();
}
