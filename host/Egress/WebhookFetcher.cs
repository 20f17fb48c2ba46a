using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Egress;

/// <summary>
/// Fetches certificates and visits confirmation pages for webhooks, behind the checks of every outgoing connection: no redirects, no private addresses. What may be fetched at all the manifest has
/// said before. Thread-safe.
/// </summary>
internal sealed partial class WebhookFetcher(IEgressHandlers handlers, ILogger<WebhookFetcher> logger) : IWebhookFetcher, IDisposable
{
    private const int MaxBytes = 256 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    private readonly HttpMessageInvoker invoker = new(handlers.ForUserTargets, disposeHandler: false);

    public async ValueTask<ReadOnlyMemory<byte>?> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Limit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            using var response = await invoker.SendAsync(request, limited.Token);
            if (!response.IsSuccessStatusCode)
            {
                Log.Answered(logger, address.IdnHost, (int)response.StatusCode);
                return null;
            }

            return await ReadAsync(response.Content, limited.Token) is { } bytes ? bytes : TooLarge(address);
        }
        catch (Exception exception) when (exception is HttpRequestException or EgressDeniedException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The path may carry a one-time token: the host is enough to look for the reason.
            Log.Failed(logger, address.IdnHost, exception.InnerException is EgressDeniedException denied ? denied.Message : exception.Message);
            return null;
        }
    }

    public void Dispose() => invoker.Dispose();

    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var kept = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (kept.Length + read > MaxBytes)
                return null;

            kept.Write(buffer, 0, read);
        }

        return kept.ToArray();
    }

    private ReadOnlyMemory<byte>? TooLarge(Uri address)
    {
        Log.TooLarge(logger, address.IdnHost, MaxBytes);
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(3021, LogLevel.Warning, "A document that a webhook needs cannot be fetched: {Host} answers {Status}")]
        public static partial void Answered(ILogger logger, string host, int status);

        [LoggerMessage(3022, LogLevel.Warning, "A document that a webhook needs cannot be fetched from {Host}: {Why}")]
        public static partial void Failed(ILogger logger, string host, string why);

        [LoggerMessage(3023, LogLevel.Warning, "A document that a webhook needs cannot be fetched from {Host}: it is larger than {Limit} bytes")]
        public static partial void TooLarge(ILogger logger, string host, int limit);
    }
}
