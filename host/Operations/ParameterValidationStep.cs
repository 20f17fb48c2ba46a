using IntegrationHub.Adapters;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Operations;

/// <summary>Nothing that fails the operation's schema leaves the hub.</summary>
internal sealed class ParameterValidationStep : IOperationStep
{
    public ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken)
    {
        if (!invocation.Provider.Parameters.TryGetValue(invocation.Operation, out var schema))
            return next(cancellationToken);

        var issues = schema.Value.Validate(invocation.Parameters);
        return issues.Count == 0
            ? next(cancellationToken)
            : ValueTask.FromResult(OperationResult.Failure(new ProviderError
            {
                Category = ErrorCategory.InvalidParams,
                Message = $"The parameters do not fit the operation '{invocation.Operation}'.",
                Issues = [.. issues.Select(UnderParams)],
            }));
    }

    private static ValidationIssue UnderParams(ValidationIssue issue) => issue with { Pointer = "/params" + issue.Pointer };
}
