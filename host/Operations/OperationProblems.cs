using IntegrationHub.Adapters;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations;

/// <summary>How a failed operation is answered.</summary>
internal static class OperationProblems
{
    /// <param name="error">The failure.</param>
    /// <param name="provider">The provider's id.</param>
    /// <param name="effectId">The record of what may have been changed.</param>
    public static Problem ToProblem(this ProviderError error, string provider, string? effectId = null)
    {
        var (status, title) = Answer(error.Category);
        return new Problem(status, CodeOf(error.Category), title, error.Message)
        {
            Errors = error.Issues.Count > 0 ? error.Issues : null,
            RetryAfter = error.RetryAfter,
            Extensions = new Dictionary<string, object?>
            {
                ["provider"] = new { id = provider, status = error.ProviderStatus, code = error.ProviderCode, requestId = error.ProviderRequestId },
                ["outcomeUnknown"] = error.OutcomeUnknown,
                ["effectId"] = effectId,
            },
        };
    }

    public static Problem NotLoaded(string provider) =>
        new(StatusCodes.Status503ServiceUnavailable, "provider_not_loaded", "Provider not loaded", $"The plugin of '{provider}' is not loaded; GET /api/plugins says why.");

    public static string CodeOf(ErrorCategory category) => category switch
    {
        ErrorCategory.InvalidParams => "invalid_params",
        ErrorCategory.Unauthenticated => "unauthenticated",
        ErrorCategory.PermissionDenied => "permission_denied",
        ErrorCategory.MissingScope => "missing_scope",
        ErrorCategory.NotFound => "not_found",
        ErrorCategory.Conflict => "conflict",
        ErrorCategory.Declined => "declined",
        ErrorCategory.RateLimited => "rate_limited",
        ErrorCategory.Timeout => "timeout",
        ErrorCategory.Unavailable => "unavailable",
        ErrorCategory.CircuitOpen => "circuit_open",
        _ => "provider_error",
    };

    private static (int Status, string Title) Answer(ErrorCategory category) => category switch
    {
        ErrorCategory.InvalidParams => (400, "The parameters were refused"),
        ErrorCategory.Unauthenticated => (424, "The provider refused the credentials"),
        ErrorCategory.PermissionDenied => (403, "The credentials lack a permission"),
        ErrorCategory.MissingScope => (403, "A scope is missing"),
        ErrorCategory.NotFound => (404, "Not found at the provider"),
        ErrorCategory.Conflict => (409, "Conflict at the provider"),
        ErrorCategory.Declined => (402, "Declined"),
        ErrorCategory.RateLimited => (429, "Too many requests"),
        ErrorCategory.Timeout => (504, "No answer in time"),
        ErrorCategory.Unavailable => (502, "The provider is unavailable"),
        ErrorCategory.CircuitOpen => (503, "The circuit is open"),
        _ => (502, "The provider failed"),
    };
}
