using System.Net.Sockets;

namespace IntegrationHub.Adapters.Rest;

/// <summary>Turns network exceptions into errors that say whether the request can have arrived, and nothing of the exception's text.</summary>
internal static class RestNetwork
{
    /// <param name="exception">What was thrown.</param>
    /// <param name="host">The host that was called.</param>
    /// <param name="answered">Whether the answer had begun.</param>
    /// <param name="cancellationToken">The caller's token: its cancellation is no error of the network's.</param>
    /// <returns><see langword="null"/> when the exception is not the network's.</returns>
    public static ProviderError? Explain(Exception exception, string host, bool answered, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return null;

        if (IsEgressDenied(exception))
            return new ProviderError
            {
                Category = ErrorCategory.ProviderError,
                Message = $"The host \"{host}\" is not in the plugin's network.allow, so the hub does not call it.",
            };

        return exception switch
        {
            OperationCanceledException => new ProviderError
            {
                // The client has no timeout of its own, so this is the handler's: making the connection, or the plugin host's.
                Category = ErrorCategory.Timeout,
                Message = "The provider did not answer in time.",
                OutcomeUnknown = !ExceptionsOf(exception).Any(inner => inner is TimeoutException && inner.Message.Contains("ConnectTimeout", StringComparison.Ordinal)),
            },
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => Unreachable($"The name \"{host}\" could not be resolved.", sent: false),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => Unreachable($"No secure connection to \"{host}\" could be made: its certificate or protocol was refused.", sent: false),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError } => Unreachable($"No connection to \"{host}\" could be made.", sent: false),
            HttpRequestException or IOException or SocketException => Unreachable(
                answered ? "The connection broke before the provider's answer was complete." : "The connection broke before the provider answered.", sent: true),
            _ => null,
        };
    }

    private static ProviderError Unreachable(string message, bool sent) => new() { Category = ErrorCategory.Unavailable, Message = message, OutcomeUnknown = sent };

    private static bool IsEgressDenied(Exception exception) =>
        ExceptionsOf(exception).Any(inner => inner is HttpRequestException && inner.Message.StartsWith("egress denied", StringComparison.Ordinal));

    private static IEnumerable<Exception> ExceptionsOf(Exception exception)
    {
        for (var current = exception; current is not null; current = current.InnerException)
            yield return current;
    }
}
