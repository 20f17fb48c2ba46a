namespace IntegrationHub.Adapters;

/// <summary>What kind of failure it was; decides the status callers see and whether a repetition can help.</summary>
public enum ErrorCategory
{
    /// <summary>Anything that fits nowhere else. 502, not retried.</summary>
    ProviderError,

    /// <summary>The provider, or the operation's schema, refused the parameters. 400, not retried.</summary>
    InvalidParams,

    /// <summary>The provider refused the credentials. 424, retried once after a token refresh.</summary>
    Unauthenticated,

    /// <summary>The credentials lack a permission. 403, not retried.</summary>
    PermissionDenied,

    /// <summary>The connection was not granted a scope that the operation needs. 403, not retried.</summary>
    MissingScope,

    /// <summary>The thing asked for is not there. 404, not retried.</summary>
    NotFound,

    /// <summary>It clashes with what is there. 409, not retried.</summary>
    Conflict,

    /// <summary>The provider declined: a card, a recipient. 402, not retried.</summary>
    Declined,

    /// <summary>Too many requests. 429, retried after <see cref="ProviderError.RetryAfter"/>.</summary>
    RateLimited,

    /// <summary>No answer in time. 504, retried where that is safe.</summary>
    Timeout,

    /// <summary>The network failed or the provider is down. 502, retried where that is safe.</summary>
    Unavailable,

    /// <summary>The hub holds calls back because the last ones failed. 503, not retried.</summary>
    CircuitOpen,
}

/// <summary>A failed operation. Contains no secret and no exception text.</summary>
public sealed record ProviderError
{
    /// <summary>The kind of failure.</summary>
    public required ErrorCategory Category { get; init; }

    /// <summary>What happened, as a sentence for a developer; the provider's own words where it said something.</summary>
    public required string Message { get; init; }

    /// <summary>The provider's code.</summary>
    public string? ProviderCode { get; init; }

    /// <summary>The provider's HTTP status.</summary>
    public int? ProviderStatus { get; init; }

    /// <summary>The provider's name for the request.</summary>
    public string? ProviderRequestId { get; init; }

    /// <summary>How long to wait, when the provider said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// Whether the request may have reached the provider although no answer came back: a repetition might do it twice.
    /// <see langword="false"/> when the connection was never made, or when the provider answered.
    /// </summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>The parameters that were wrong, when that is known. Pointers begin in the parameters (<c>/amount</c>); the hub shows them as <c>/params/amount</c>.</summary>
    public IReadOnlyList<Schemas.ValidationIssue> Issues { get; init; } = [];
}
