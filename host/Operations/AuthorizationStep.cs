using IntegrationHub.Adapters;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Operations.Resilience;

namespace IntegrationHub.Host.Operations;

/// <summary>
/// Hands the adapter a token that lives. When the provider refuses it all the same, it is renewed and the call repeated, once: a refused call had no effect. Content that was
/// read cannot be sent again.
/// </summary>
internal sealed class AuthorizationStep(TokenKeeper tokens, TokenSealer sealer, IConnectionResolver connections) : IOperationStep
{
    public ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OperationNext next, CancellationToken cancellationToken) =>
        OAuthSetup.Of(invocation.Provider).WayOf(invocation.Connection, invocation.Provider, connections) is { } way
            ? InvokeAsync(invocation, way, next, cancellationToken)
            : next(invocation, cancellationToken);

    private async ValueTask<OperationResult> InvokeAsync(OperationInvocation invocation, OAuthWay way, OperationNext next, CancellationToken cancellationToken)
    {
        try
        {
            var record = await tokens.GetAsync(invocation.Connection, invocation.Provider, way, cancellationToken);
            var result = await CallAsync(invocation, record, next, cancellationToken);
            if (result.Error?.Category != ErrorCategory.Unauthenticated)
            {
                // No answer accepts nothing.
                if (record.State == TokenState.ReauthorizationRequired && RetryRules.SignOf(result) == ProviderSign.Up)
                    await tokens.AcceptedAsync(record, cancellationToken);

                return result;
            }

            return await AgainAsync(invocation, record, result, next, cancellationToken);
        }
        catch (OAuthException fault)
        {
            return OperationResult.Failure(ErrorOf(fault, invocation));
        }
        finally
        {
            invocation.Authorization = default;
        }
    }

    private async Task<OperationResult> AgainAsync(OperationInvocation invocation, TokenRecord refused, OperationResult result, OperationNext next, CancellationToken cancellationToken)
    {
        TokenRecord renewed;
        try
        {
            renewed = await tokens.RenewAsync(invocation.Connection, refused, cancellationToken);
        }
        catch (OAuthException fault)
        {
            // What the provider said of the call says more than that no other token can be had for the moment.
            return fault.Kind == OAuthFaultKind.Reauthorize ? OperationResult.Failure(ErrorOf(fault, invocation) with { ProviderStatus = result.ProviderStatus }) : result;
        }

        return invocation.HasContent ? result : await CallAsync(invocation, renewed, next, cancellationToken);
    }

    private ValueTask<OperationResult> CallAsync(OperationInvocation invocation, TokenRecord record, OperationNext next, CancellationToken cancellationToken)
    {
        invocation.Authorization = sealer.ForCall(invocation.Connection, record);
        return next(invocation, cancellationToken);
    }

    private static ProviderError ErrorOf(OAuthException fault, OperationInvocation invocation) => fault.Kind switch
    {
        OAuthFaultKind.Reauthorize => new ProviderError
        {
            Category = ErrorCategory.Unauthenticated, ProviderCode = fault.Code,
            Message = $"{fault.Message} Authorise the connection: POST /api/connections/{invocation.Connection.Id}/oauth/start, and open the address it answers.",
        },
        OAuthFaultKind.Transient => new ProviderError { Category = ErrorCategory.Unavailable, ProviderCode = fault.Code, Message = fault.Message, RetryAfter = fault.RetryAfter ?? TokenKeeper.PauseAfterFailure },
        _ => new ProviderError { Category = ErrorCategory.Unauthenticated, ProviderCode = fault.Code, Message = $"{fault.Message} Check the connection's config." },
    };
}
