namespace IntegrationHub.Host.Egress;

/// <summary>A call to a host or address that is not allowed. Callers recognise it by its message, which begins <c>egress denied</c>.</summary>
internal sealed class EgressDeniedException(string why)
    : HttpRequestException(HttpRequestError.ConnectionError, $"egress denied: {why}");
