namespace IntegrationHub.Host.Secrets;

/// <summary>The service that opens the master key does not answer for the moment; starting again may help.</summary>
internal sealed class KeyServiceUnavailableException(string message, Exception? inner = null) : IOException(message, inner);
