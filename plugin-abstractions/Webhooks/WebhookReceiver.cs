using IntegrationHub.Adapters;
using IntegrationHub.Manifests;

namespace IntegrationHub.Webhooks;

/// <summary>
/// Verifies and reads the webhooks of one provider as its manifest says. Compiled once from the manifest; immutable and thread-safe; no reflection per request.
/// </summary>
/// <remarks>
/// No input makes it throw: what cannot be read is refused with a reason. Reasons name headers and rules, never a secret, an expected signature or a part of the request's values.
/// </remarks>
public sealed class WebhookReceiver
{
    private readonly SchemeVerifier[] schemes;
    private readonly ChallengeMatcher[] challenges;
    private readonly EventExtractor extractor;
    private readonly IWebhookVerifier? custom;

    /// <summary>Compiles the manifest's rules.</summary>
    /// <param name="webhooks">The rules; valid, as <see cref="ManifestReader"/> ensures.</param>
    /// <param name="custom">The plugin's own verifier, for the scheme <c>custom</c>.</param>
    /// <param name="time">The clock for timestamp tolerance.</param>
    /// <exception cref="ArgumentException">A rule is faulty (an unknown placeholder, algorithm or encoding; a scheme without its secret), or there is no custom verifier
    /// though a scheme needs it. The message is for the manifest's author.</exception>
    public WebhookReceiver(WebhooksManifest webhooks, IWebhookVerifier? custom, TimeProvider time)
        : this(webhooks, custom, time, null)
    {
    }

    /// <summary>Compiles the manifest's rules.</summary>
    /// <param name="webhooks">The rules; valid, as <see cref="ManifestReader"/> ensures.</param>
    /// <param name="custom">The plugin's own verifier, for the scheme <c>custom</c>.</param>
    /// <param name="time">The clock for timestamp tolerance and certificates.</param>
    /// <param name="fetcher">What fetches certificates; without one, requests whose certificate would have to be fetched stay <see cref="VerificationFailure.Undecided"/>.</param>
    /// <exception cref="ArgumentException">As with the other constructor.</exception>
    public WebhookReceiver(WebhooksManifest webhooks, IWebhookVerifier? custom, TimeProvider time, IWebhookFetcher? fetcher)
    {
        ArgumentNullException.ThrowIfNull(webhooks);
        ArgumentNullException.ThrowIfNull(time);
        schemes = [.. webhooks.Verify.Select(scheme => SchemeVerifier.Compile(scheme, fetcher, time))];
        if (schemes.Length == 0)
            throw new ArgumentException("verify: there is no scheme; a provider that signs nothing says \"none\" and why.", nameof(webhooks));
        if (custom is null && schemes.Any(scheme => scheme is CustomScheme))
            throw new ArgumentException("verify: the scheme 'custom' needs a plugin whose entry class implements IWebhookVerifier.", nameof(custom));

        var key = AnswerKey.Of(webhooks.Verify);
        challenges = [.. webhooks.Challenge.Select(challenge => new ChallengeMatcher(challenge, key))];
        extractor = new EventExtractor(webhooks.Event);
        this.custom = custom;
    }

    /// <summary>
    /// Decides whether the request was sent by the provider: any scheme that applies, with the current or an earlier secret.
    /// Where several schemes refuse, the one that came furthest gives the reason. Completes synchronously unless the plugin's own verifier waits, or a certificate must be fetched:
    /// that takes at most three seconds, and leaves the request <see cref="VerificationFailure.Undecided"/> when it fails.
    /// </summary>
    public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(connection);
        using var parts = new RequestParts(request);
        var result = VerificationResult.Refused(VerificationFailure.MissingSignature, "No verification scheme applies to the request.");
        var (applied, askPlugin, wait) = (false, false, false);
        foreach (var scheme in schemes)
        {
            if (!scheme.Applies(parts, connection))
                continue;
            if (scheme is CustomScheme)
            {
                askPlugin = true;
                continue;
            }

            var next = scheme.Check(parts, connection);
            if (next.Ok)
                return ValueTask.FromResult(next);

            result = applied ? Further(result, next) : next;
            applied = true;
            wait |= next.Failure == VerificationFailure.Undecided;
        }

        if (wait)
            return WaitForCertificatesAsync(request, connection, askPlugin, cancellationToken);

        return askPlugin ? AskPluginAsync(request, connection, applied ? result : null, cancellationToken) : ValueTask.FromResult(result);
    }

    /// <summary>Finds the handshake that the request is, if it is one. The second value says whether it must be verified before it is answered.</summary>
    /// <remarks>The answer repeats what a stranger sent: send it with <c>X-Content-Type-Options: nosniff</c>.</remarks>
    public (ChallengeResponse Response, bool MustVerify)? MatchChallenge(WebhookRequest request, ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(connection);
        if (challenges.Length == 0)
            return null;

        using var parts = new RequestParts(request);
        foreach (var challenge in challenges)
        {
            if (challenge.Match(parts, connection) is { } response)
                return (response, challenge.MustVerify);
        }

        return null;
    }

    /// <summary>Reads the events out of a verified request. Their data shares the body's memory wherever it can.</summary>
    public ExtractionResult Extract(WebhookRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var parts = new RequestParts(request);
        return extractor.Extract(parts);
    }

    private async ValueTask<VerificationResult> WaitForCertificatesAsync(WebhookRequest request, ConnectionContext connection, bool askPlugin, CancellationToken cancellationToken)
    {
        using var parts = new RequestParts(request);
        var result = default(VerificationResult?);
        foreach (var scheme in schemes)
        {
            if (scheme is CustomScheme || !scheme.Applies(parts, connection))
                continue;
            if (scheme is PublicKeyVerifier signed)
                await signed.PrepareAsync(parts, connection, cancellationToken).ConfigureAwait(false);

            var next = scheme.Check(parts, connection);
            if (next.Ok)
                return next;

            result = result is { } before ? Further(before, next) : next;
        }

        return askPlugin ? await AskPluginAsync(request, connection, result, cancellationToken).ConfigureAwait(false) : result!.Value;
    }

    private async ValueTask<VerificationResult> AskPluginAsync(
        WebhookRequest request, ConnectionContext connection, VerificationResult? before, CancellationToken cancellationToken)
    {
        VerificationResult result;
        try
        {
            result = await custom!.VerifyAsync(request, connection, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whatever went wrong, nothing was proven either way. The text of foreign exceptions may quote secrets.
            result = VerificationResult.Refused(VerificationFailure.Undecided, $"The plugin's verifier failed: {exception.GetType().Name}.");
        }

        return result.Ok || before is null ? result : Further(before.Value, result);
    }

    private static VerificationResult Further(VerificationResult left, VerificationResult right) => Progress(right.Failure) > Progress(left.Failure) ? right : left;

    private static int Progress(VerificationFailure failure) => failure switch
    {
        VerificationFailure.NotConfigured => 0,
        VerificationFailure.MissingSignature => 1,
        VerificationFailure.MalformedSignature => 2,
        VerificationFailure.MissingTimestamp => 3,
        VerificationFailure.TimestampOutsideTolerance => 4,
        VerificationFailure.Undecided => 6,
        _ => 5,
    };
}
