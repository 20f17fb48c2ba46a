namespace IntegrationHub.Webhooks;

/// <summary>
/// Fetches what verifying a webhook takes: the certificate it is signed with, or the page that confirms a subscription. The host implements it behind its egress rules; addresses have been held
/// against the manifest's hosts before. Thread-safe.
/// </summary>
public interface IWebhookFetcher
{
    /// <summary>GETs a document, without following redirects, within the implementation's own time and size limits.</summary>
    /// <param name="address">An https address; http only for certificates of issuers.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The body of a 2xx answer; <see langword="null"/> when it cannot be had, for whatever reason. Does not throw, except when it is cancelled.</returns>
    ValueTask<ReadOnlyMemory<byte>?> FetchAsync(Uri address, CancellationToken cancellationToken);
}
