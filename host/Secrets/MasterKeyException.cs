namespace IntegrationHub.Host.Secrets;

/// <summary>The hub cannot start with the keys it was given; the message is fit for an operator and holds no key.</summary>
internal sealed class MasterKeyException(string message, Exception? inner = null) : Exception(message, inner);
