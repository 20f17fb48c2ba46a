using IntegrationHub.Adapters;
using IntegrationHub.Host.Connections.OAuth;

namespace IntegrationHub.Host.Operations;

/// <summary>Refuses early, and by name, what the provider would refuse with less said. Applies only where the grants are known.</summary>
internal sealed class GrantedScopesStep(TokenKeeper tokens) : IOperationStep
{
    public ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken) =>
        invocation.Manifest.Scopes.Count == 0 ? next(invocation, cancellationToken) : CheckAsync(invocation, next, cancellationToken);

    private async ValueTask<OperationResult> CheckAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken)
    {
        if (await tokens.GrantedScopesAsync(invocation.Connection, invocation.Provider, cancellationToken) is not { } granted)
            return await next(invocation, cancellationToken);

        var missing = invocation.Manifest.Scopes.Except(granted, StringComparer.Ordinal).ToList();
        return missing.Count == 0
            ? await next(invocation, cancellationToken)
            : OperationResult.Failure(new ProviderError { Category = ErrorCategory.MissingScope, Message = $"The connection was not granted {string.Join(", ", missing)}. {RepairOf(invocation, missing)}" });
    }

    private static string RepairOf(OperationInvocation invocation, IReadOnlyList<string> missing) =>
        invocation.Provider.Manifest.Auth.Any(auth => auth.NeedsConsent() && missing.All(scope => auth.Scopes.Count == 0 || auth.Scopes.ContainsKey(scope)))
            ? $"Authorise it again with more: POST /api/connections/{invocation.Connection.Id}/oauth/start with {{ \"scopes\": [{string.Join(", ", missing.Select(scope => $"\"{scope}\""))}] }}."
            : "Grant it at the provider, then update the connection's granted scopes.";
}
