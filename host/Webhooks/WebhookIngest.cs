using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Webhooks;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Webhooks;

/// <summary>
/// The inbound pipeline: find the connection, read the raw bytes, verify, extract, store durably, and only then acknowledge. Thread-safe.
/// </summary>
internal sealed partial class WebhookIngest(
    IProviderCatalog catalog,
    IConnectionResolver connections,
    IEventPublisher publisher,
    IPayloadSealer payloads,
    WebhookRequestReader reader,
    IWebhookFetcher fetcher,
    WebhookMetrics metrics,
    WebhookGate gate,
    RefusalLog refusals,
    RefusalNotices notices,
    IOptions<WebhookOptions> options,
    RetentionRegistry retention,
    TimeProvider time,
    ILogger<WebhookIngest> logger)
{
    private const int MaxIdLength = 64;

    /// <summary>Takes one request and answers it.</summary>
    public async Task ReceiveAsync(HttpContext context, string provider, string connectionId)
    {
        var started = time.GetTimestamp();
        metrics.Received();
        WebhookRefusal? refusal;
        try
        {
            refusal = await TakeAsync(context, provider, connectionId, started);
        }
        catch (BadHttpRequestException exception)
        {
            refusal = exception.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => WebhookRefusal.TooLarge(options.Value.MaxBytes),
                StatusCodes.Status408RequestTimeout => WebhookRefusal.TooSlow,
                _ => WebhookRefusal.Unreadable,
            };
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The sender went away: nobody to answer, nothing acknowledged, nothing wrong here.
            metrics.Refused("client_gone");
            return;
        }
        catch (UnavailableException exception) when (!context.Response.HasStarted)
        {
            // A full disk must not be filled by the log of what it refuses: this goes the way of all refusals, so many lines in a while.
            refusal = WebhookRefusal.Unavailable(exception);
        }

        if (refusal is null)
            return;

        metrics.Refused(refusal.Problem.Code);
        refusals.Write(provider, connectionId, refusal.Problem.Code, refusal.Detail);
        await refusal.Problem.ToResult().ExecuteAsync(context);
        if (refusal.Problem.Status == StatusCodes.Status401Unauthorized || refusal.Problem.Code == WebhookRefusal.MalformedCode)
            await notices.CountAsync(provider, connectionId, refusal.Problem.Code);
    }

    /// <returns>Why it was not taken; <see langword="null"/> when it was answered.</returns>
    private async Task<WebhookRefusal?> TakeAsync(HttpContext context, string providerId, string connectionId, long started)
    {
        var aborted = context.RequestAborted;
        using var fromAddress = gate.Enter(context.Connection.RemoteIpAddress);
        if (fromAddress.Refusal is { } fromTooMany)
            return fromTooMany;

        if (!IsPlain(context.Request.Headers.ContentEncoding))
            return WebhookRefusal.Encoded;

        if (connectionId.Length > MaxIdLength || await connections.FindAsync(connectionId, aborted) is not { } connection)
            return WebhookRefusal.NotFound("there is no such connection");
        if (connection.Provider != providerId)
            return WebhookRefusal.NotFound("the connection belongs to another provider");
        if (!connection.Enabled)
            return WebhookRefusal.NotFound("the connection is disabled");

        // Before the body is read: who may not come in costs a few headers, and is not told to go on (Expect: 100-continue).
        using var toConnection = gate.Enter(connection.Id);
        if (toConnection.Refusal is { } toTooMany)
            return toTooMany;

        using var lease = catalog.Acquire(providerId);
        if (lease is null)
            return WebhookRefusal.NotReady("the provider is not loaded; GET /api/plugins says why");
        if (lease is not { Provider: { Webhooks: { } receiver } provider })
            return WebhookRefusal.NotFound("the provider has no webhooks");

        var limit = provider.Manifest.Webhooks?.MaxBytes ?? options.Value.MaxBytes;
        // The server's own limit, 30 MB, must not stand in the way of what the operator or the manifest allows.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server && server.MaxRequestBodySize < limit)
            server.MaxRequestBodySize = limit;

        WebhookBody? read;
        try
        {
            read = await WebhookBody.ReadAsync(context.Request, limit, aborted);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !aborted.IsCancellationRequested)
        {
            // The server reports some broken chunks this way.
            return WebhookRefusal.Unreadable;
        }

        if (read is null)
            return WebhookRefusal.TooLarge(limit);

        using var body = read;

        ConnectionContext opened;
        try
        {
            opened = connections.Open(connection, provider);
        }
        catch (ProblemException exception)
        {
            Log.CannotOpen(logger, connection.Id, exception.Problem.Code, exception.Message);
            return WebhookRefusal.NotReady("the connection cannot be opened");
        }

        var request = reader.Read(context.Request, body.Bytes);
        var handshake = receiver.MatchChallenge(request, opened);
        if (handshake is not { MustVerify: false })
        {
            if (handshake is null && request.Method != HttpMethods.Post)
                return WebhookRefusal.NoHandshake;

            var verification = await receiver.VerifyAsync(request, opened, aborted);
            if (!verification.Ok)
                return WebhookRefusal.Unverified(verification);
        }

        if (handshake is { Response: var response })
        {
            // The provider wants to see that somebody is at home (Amazon SNS); when its page cannot be reached it shall ask again.
            if (response.Visit is { } page && await fetcher.FetchAsync(page, aborted) is null)
                return WebhookRefusal.Unverified(VerificationResult.Refused(VerificationFailure.Undecided, "The page that confirms the subscription cannot be reached."));

            await WebhookReply.WriteAsync(context, response, aborted);
            return null;
        }

        var extraction = receiver.Extract(request);
        if (extraction.Malformed is { } malformed)
            return WebhookRefusal.Malformed(malformed);

        if (extraction.Events.Count > 0 && !await StoreAsync(context, provider, connection, request, extraction.Events))
            return WebhookRefusal.Busy;

        metrics.Accepted(provider.Id, time.GetElapsedTime(started));
        await WebhookReply.WriteAsync(context, WebhookReply.Of(provider).For(request), aborted);
        return null;
    }

    /// <returns><see langword="false"/> when the store takes no more for the moment.</returns>
    private async Task<bool> StoreAsync(
        HttpContext context, LoadedProvider provider, Connection connection, WebhookRequest request, IReadOnlyList<ExtractedEvent> extracted)
    {
        var now = request.ReceivedAt;
        var requestId = Ids.New(Ids.Request, now);
        var raw = new RawRequest
        {
            Id = requestId,
            ConnectionId = connection.Id,
            ReceivedAt = now,
            ExpiresAt = now + retention.Current.RawBodiesOf(connection.Project),
            SealedHead = payloads.Seal(WebhookRequestReader.Head(request), requestId),
            SealedBody = extracted is [{ Data: var only }] && only.Span.SequenceEqual(request.Body.Span) ? default : payloads.Seal(request.Body.Span, requestId),
        };

        var correlationId = CorrelationId.Of(context);
        var events = new HubEvent[extracted.Count];
        for (var i = 0; i < events.Length; i++)
        {
            var found = extracted[i];
            var id = Ids.New(Ids.Event, now);
            events[i] = new HubEvent
            {
                Id = id,
                ConnectionId = connection.Id,
                Provider = connection.Provider,
                Project = connection.Project,
                Environment = connection.Environment,
                Type = $"{connection.Provider}.{found.Type}",
                Subject = found.Subject,
                ProviderEventId = found.ProviderEventId,
                Time = found.Time,
                ReceivedAt = now,
                CorrelationId = correlationId,
                RequestId = requestId,
                SealedData = payloads.Seal(found.Data.Span, id),
                PlainData = found.Data,
            };
        }

        try
        {
            // Not the request's token: a sender that lost patience sends again, and then it is better that its event is known already.
            await publisher.PublishAsync(raw, events, provider.Manifest.Webhooks!.DedupeWindow, CancellationToken.None);
            return true;
        }
        catch (StoreBusyException)
        {
            return false;
        }
    }

    private static bool IsPlain(Microsoft.Extensions.Primitives.StringValues encoding) =>
        encoding.Count == 0 || (encoding.Count == 1 && (string.IsNullOrWhiteSpace(encoding[0]) || encoding[0]!.Trim().Equals("identity", StringComparison.OrdinalIgnoreCase)));

    private static partial class Log
    {
        [LoggerMessage(3011, LogLevel.Error, "Webhooks for connection {Connection} cannot be verified: it cannot be opened ({Code}: {Why})")]
        public static partial void CannotOpen(ILogger logger, string connection, string code, string why);
    }
}
