namespace IntegrationHub.Webhooks;

/// <summary>Why a webhook was refused.</summary>
public enum VerificationFailure
{
    /// <summary>
    /// It could not be decided: the plugin's own verifier failed or was too slow. The request counts as not verified, and the sender is asked to send it again (503, where
    /// every other refusal is 401), so that nothing genuine is lost. It is the first value, so that a result which nobody set is not taken for a genuine request.
    /// </summary>
    Undecided,

    /// <summary>It was not.</summary>
    None,

    /// <summary>The signature, token or credentials are missing.</summary>
    MissingSignature,

    /// <summary>The signature value cannot be read, or a header that must be single came more than once.</summary>
    MalformedSignature,

    /// <summary>The signature does not fit the request.</summary>
    SignatureMismatch,

    /// <summary>The timestamp is missing or cannot be read.</summary>
    MissingTimestamp,

    /// <summary>The timestamp is outside the tolerance.</summary>
    TimestampOutsideTolerance,

    /// <summary>The connection has no secret or key to verify with.</summary>
    NotConfigured,
}

/// <summary>Whether a request was sent by the provider. Carries no secret and no expected signature.</summary>
/// <param name="Failure">Why not; <see cref="VerificationFailure.None"/> when it was. The default is <see cref="VerificationFailure.Undecided"/>.</param>
/// <param name="Detail">A sentence for the operator's log.</param>
public readonly record struct VerificationResult(VerificationFailure Failure, string? Detail = null)
{
    /// <summary>The request is genuine.</summary>
    public static VerificationResult Verified => new(VerificationFailure.None);

    /// <summary>Whether the request is genuine.</summary>
    public bool Ok => Failure == VerificationFailure.None;

    /// <summary>The request is refused.</summary>
    public static VerificationResult Refused(VerificationFailure failure, string detail) => new(failure, detail);
}
