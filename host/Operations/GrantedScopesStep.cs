using IntegrationHub.Adapters;

namespace IntegrationHub.Host.Operations;

/// <summary>Refuses early, and by name, what the provider would refuse with less said. Applies only where the grants are known.</summary>
internal sealed class GrantedScopesStep : IOperationStep
{
    public ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken)
    {
        if (invocation.Connection.GrantedScopes is not { } granted)
            return next(cancellationToken);

        var missing = invocation.Manifest.Scopes.Except(granted, StringComparer.Ordinal).ToList();
        return missing.Count == 0
            ? next(cancellationToken)
            : ValueTask.FromResult(OperationResult.Failure(new ProviderError
            {
                Category = ErrorCategory.MissingScope,
                Message = $"The connection was not granted {string.Join(", ", missing)}. Grant it at the provider, then update the connection's granted scopes.",
            }));
    }
}
