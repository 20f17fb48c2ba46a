using IntegrationHub.Schemas;

namespace IntegrationHub.Adapters.Rest;

/// <summary>A request cannot be built; carries the error that the caller gets. Never leaves the adapter.</summary>
internal sealed class RestRequestException(ProviderError error) : Exception(error.Message)
{
    public ProviderError Error { get; } = error;

    public static RestRequestException InvalidParams(string message, string? pointer = null) => new(new ProviderError
    {
        Category = ErrorCategory.InvalidParams,
        Message = message,
        Issues = pointer is null ? [] : [new ValidationIssue(pointer, message)],
    });

    public static RestRequestException Unauthenticated(string message) => new(new ProviderError { Category = ErrorCategory.Unauthenticated, Message = message });

    public static RestRequestException Misconfigured(string message) => new(new ProviderError { Category = ErrorCategory.ProviderError, Message = message });
}
