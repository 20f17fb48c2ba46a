namespace IntegrationHub.Adapters;

/// <summary>
/// What runs a provider's operations. One instance serves every connection of the provider, from many threads at once; it keeps no state of a single call.
/// A plugin with code implements this interface in the class its manifest names in <c>entry</c>; a plugin without gets the built-in <see cref="RestAdapter"/>.
/// </summary>
/// <remarks>
/// Expected failures are returned as <see cref="OperationResult.Failure"/>. An exception is a fault of the plugin: the host answers <c>provider_error</c>
/// and shows no exception text to the caller. The class needs a public parameterless constructor that does no work.
/// </remarks>
public interface IProviderAdapter : IAsyncDisposable
{
    /// <summary>Called once, before any operation. Must return within the host's start deadline (10 seconds by default).</summary>
    /// <param name="context">What the host gives the plugin; valid until the adapter is disposed.</param>
    /// <param name="cancellationToken">Cancelled at the deadline and at shutdown.</param>
    ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken);

    /// <summary>Runs one operation, one attempt. Parameters have been validated against the operation's schema.</summary>
    /// <param name="request">The call, with the connection's decrypted configuration: use it for this call only and never log it.</param>
    /// <param name="cancellationToken">Cancelled at the attempt's timeout and when the caller goes away; stop promptly.</param>
    /// <returns>The result or a typed error; never <see langword="null"/>.</returns>
    ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken);
}

/// <summary>Implemented beside <see cref="IProviderAdapter"/> by plugins whose manifest says <c>"scheme": "custom"</c>.</summary>
public interface IWebhookVerifier
{
    /// <summary>Decides whether a request was sent by the provider. Compare secrets in constant time.</summary>
    ValueTask<Webhooks.VerificationResult> VerifyAsync(Webhooks.WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken);
}
