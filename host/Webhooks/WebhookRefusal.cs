using IntegrationHub.Host.Http;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Webhooks;

/// <summary>Why a webhook is not taken. The answer says what kind of failure it was and never what would have been right; the detail is for the operator's log.</summary>
internal sealed record WebhookRefusal(Problem Problem, string? Detail = null)
{
    public const string MalformedCode = "malformed_body";

    /// <summary>Unknown and disabled connections, other providers' connections and providers without webhooks look alike: addresses cannot be probed.</summary>
    public static WebhookRefusal NotFound(string why) =>
        new(new Problem(StatusCodes.Status404NotFound, "not_found", "Not found", "There is no webhook address here."), why);

    public static WebhookRefusal TooLarge(int limit) =>
        new(new Problem(StatusCodes.Status413PayloadTooLarge, "body_too_large", "The body is too large", $"Webhooks here may have {limit} bytes."));

    /// <summary>Signatures cover the raw bytes, and no provider compresses its webhooks: a compressed body is a mistake or a bomb.</summary>
    public static WebhookRefusal Encoded { get; } =
        new(new Problem(StatusCodes.Status415UnsupportedMediaType, "content_encoding_unsupported", "The body is encoded", "Send the body without Content-Encoding."));

    public static WebhookRefusal Unreadable { get; } =
        new(new Problem(StatusCodes.Status400BadRequest, "invalid_request", "The request is not valid", "The request's body could not be read as HTTP."));

    public static WebhookRefusal TooSlow { get; } =
        new(new Problem(StatusCodes.Status408RequestTimeout, "request_timeout", "The request came too slowly"));

    public static WebhookRefusal NoHandshake { get; } =
        new(new Problem(StatusCodes.Status400BadRequest, "no_handshake", "This is no handshake", "Events are taken by POST; GET answers this provider's handshakes only."));

    public static WebhookRefusal Malformed(string why) =>
        new(new Problem(StatusCodes.Status400BadRequest, MalformedCode, "The body is malformed", why), why);

    /// <summary>The provider will send it again; nothing was acknowledged.</summary>
    public static WebhookRefusal Busy { get; } =
        new(new Problem(StatusCodes.Status503ServiceUnavailable, "busy", "The hub is busy", "Send it again in a moment.") { RetryAfter = TimeSpan.FromSeconds(1) });

    public static WebhookRefusal TooMany(TimeSpan wait) =>
        new(new Problem(StatusCodes.Status429TooManyRequests, "rate_limited", "Too many webhooks", "Send it again after the time that Retry-After tells.") { RetryAfter = wait });

    /// <summary>The store cannot be written: nothing was kept, so nothing is acknowledged.</summary>
    public static WebhookRefusal Unavailable(UnavailableException exception) =>
        new(
            new Problem(StatusCodes.Status503ServiceUnavailable, "storage_unavailable", "The hub cannot store now", "Send it again later.") { RetryAfter = exception.RetryAfter },
            exception.Message);

    public static WebhookRefusal NotReady(string why) =>
        new(new Problem(StatusCodes.Status503ServiceUnavailable, "unavailable", "The connection cannot be used now", "Send it again later.") { RetryAfter = TimeSpan.FromMinutes(1) }, why);

    /// <summary>Providers send again what was not taken, if the answer lets them hope: what the plugin's verifier could not decide must not be lost.</summary>
    public static WebhookRefusal Unverified(VerificationResult result) => result.Failure == VerificationFailure.Undecided ? NotReady(result.Detail ?? "the plugin could not verify it") :
        new(new Problem(StatusCodes.Status401Unauthorized, Code(result.Failure), "The webhook is not verified", "Its signature or credentials are not accepted."), result.Detail);

    private static string Code(VerificationFailure failure) => failure switch
    {
        VerificationFailure.MissingSignature => "signature_missing",
        VerificationFailure.MalformedSignature => "signature_malformed",
        VerificationFailure.SignatureMismatch => "signature_invalid",
        VerificationFailure.MissingTimestamp => "timestamp_missing",
        VerificationFailure.TimestampOutsideTolerance => "timestamp_outside_tolerance",
        VerificationFailure.NotConfigured => "verification_not_configured",
        _ => throw new ArgumentOutOfRangeException(nameof(failure), failure, "No refusal."),
    };
}
