using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Operations;

/// <summary>Nothing that fails the operation's schema leaves the hub.</summary>
internal sealed class ParameterValidationStep : IOperationStep
{
    private const string Root = "/params";

    public ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken) =>
        Check(invocation.Provider, invocation.Operation, invocation.Parameters) is { } error ? ValueTask.FromResult(OperationResult.Failure(error)) : next(invocation, cancellationToken);

    /// <returns><see langword="null"/> when the parameters fit.</returns>
    public static ProviderError? Check(LoadedProvider provider, string operation, JsonElement parameters)
    {
        if (!provider.Parameters.TryGetValue(operation, out var schema))
            return null;

        var issues = schema.Value.Validate(parameters);
        return issues.Count == 0
            ? null
            : new ProviderError
            {
                Category = ErrorCategory.InvalidParams,
                Message = $"The parameters do not fit the operation '{operation}'.",
                Issues = [.. issues.Select(UnderParams)],
            };
    }

    /// <summary>The finding with its pointer into the request instead of its parameters; one that is so already stays.</summary>
    public static ValidationIssue UnderParams(ValidationIssue issue) =>
        issue.Pointer is Root || issue.Pointer.StartsWith(Root + "/", StringComparison.Ordinal) ? issue : issue with { Pointer = Root + issue.Pointer };
}
