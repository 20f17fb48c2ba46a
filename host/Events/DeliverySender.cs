using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Webhooks;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>Makes one attempt: signs an event as Standard Webhooks 1.0 says and posts it to a subscription's endpoint. Thread-safe.</summary>
internal sealed class DeliverySender : IDisposable
{
    /// <summary>Tells receivers that an event was sent, or tried, before and is sent again because a person asked for it.</summary>
    public const string ReplayHeader = "webhook-replay";

    /// <summary>How much of an answer is read and kept.</summary>
    public const int MaxAnswer = 4096;

    private static readonly MediaTypeHeaderValue ContentType = MediaTypeHeaderValue.Parse(CloudEventWriter.ContentType);
    private static readonly string UserAgent = $"IntegrationHub/{typeof(DeliverySender).Assembly.GetName().Version?.ToString(3)}";

    private readonly SubscriptionSecrets secrets;
    private readonly IPayloadSealer payloads;
    private readonly TimeProvider time;
    private readonly EventMetrics metrics;
    private readonly TimeSpan timeout;
    private readonly HttpClient client;

    public DeliverySender(
        IEgressHandlers egress, SubscriptionSecrets secrets, IPayloadSealer payloads, IOptions<DeliveryOptions> options, TimeProvider time, EventMetrics metrics)
    {
        this.secrets = secrets;
        this.payloads = payloads;
        this.time = time;
        this.metrics = metrics;
        timeout = options.Value.Timeout;
        client = new HttpClient(egress.ForUserTargets, disposeHandler: false)
        {
            // The attempt's own token is the timeout; it covers the answer's body too, and obeys the injected clock.
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
        };
    }

    /// <summary>Sends, and says what came of it. Does not throw for what the endpoint does.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: whether the endpoint got the event is not known.</exception>
    public async Task<DeliveryAttempt> SendAsync(
        string deliveryId, int number, HubEvent hubEvent, Subscription subscription, bool isReplay, CancellationToken cancellationToken)
    {
        using var activity = EventMetrics.Activities.StartActivity("deliver event", ActivityKind.Producer);
        activity?.SetTag("hub.event.id", hubEvent.Id).SetTag("hub.event.type", hubEvent.Type).SetTag("hub.delivery.id", deliveryId).SetTag("hub.delivery.attempt", number);

        var startedAt = time.GetUtcNow();
        var started = time.GetTimestamp();
        metrics.AttemptStarted();
        try
        {
            var answer = await AnswerAsync(hubEvent, subscription, isReplay, startedAt, cancellationToken);
            var attempt = new DeliveryAttempt
            {
                Id = Ids.New(Ids.Attempt, startedAt),
                DeliveryId = deliveryId,
                Number = number,
                StartedAt = startedAt,
                Duration = time.GetElapsedTime(started),
                Status = answer.Status,
                Outcome = answer.Outcome,
                Error = answer.Error,
                ResponseBody = answer.Body,
            };
            metrics.Attempted(attempt);
            activity?.SetTag("http.response.status_code", answer.Status)
                .SetStatus(answer.Error is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, answer.Error);
            return attempt;
        }
        finally
        {
            metrics.AttemptEnded();
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<Answer> AnswerAsync(HubEvent hubEvent, Subscription subscription, bool isReplay, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var request = Request(hubEvent, subscription, isReplay, now);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var status = (int)response.StatusCode;
            string? body = null;
            try
            {
                body = await ReadStartAsync(response.Content, either.Token);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // The status is the answer. A body that breaks off, or never ends, changes nothing about it.
            }

            return status switch
            {
                >= 200 and < 300 => new(DeliveryOutcomes.Delivered, status, null, body),
                >= 300 and < 400 => new(DeliveryOutcomes.Refused, status, $"The endpoint answered {status}; redirects are not followed.", body),
                410 => new(DeliveryOutcomes.Refused, status, "The endpoint answered 410: it wants no more events.", body),
                _ => new(DeliveryOutcomes.Refused, status, $"The endpoint answered {status}.", body),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(DeliveryOutcomes.Timeout, null, string.Create(CultureInfo.InvariantCulture, $"The endpoint did not answer within {timeout.TotalSeconds:0.#} s."));
        }
        catch (HttpRequestException exception)
        {
            return OfFailure(exception);
        }
        catch (CryptographicException)
        {
            return new(DeliveryOutcomes.Error, null, "The signing secret or the event's data cannot be decrypted; check the master key.");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new(DeliveryOutcomes.Error, null, $"The request could not be sent ({exception.GetType().Name}).");
        }
    }

    private HttpRequestMessage Request(HubEvent hubEvent, Subscription subscription, bool isReplay, DateTimeOffset now)
    {
        var body = CloudEventWriter.Write(hubEvent, payloads.Open(hubEvent.SealedData.Span, hubEvent.Id));
        var signature = StandardWebhooks.Sign(hubEvent.Id, now, body, secrets.Open(subscription, now));

        var request = new HttpRequestMessage(HttpMethod.Post, subscription.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = ContentType;
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation(StandardWebhooks.IdHeader, hubEvent.Id);
        request.Headers.TryAddWithoutValidation(StandardWebhooks.TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(StandardWebhooks.SignatureHeader, signature);
        if (isReplay)
            request.Headers.TryAddWithoutValidation(ReplayHeader, "true");
        return request;
    }

    private static async Task<string?> ReadStartAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxAnswer];
        var length = await stream.ReadAtLeastAsync(buffer, MaxAnswer, throwOnEndOfStream: false, cancellationToken);
        return length == 0 ? null : Printable(Encoding.UTF8.GetString(buffer, 0, length));
    }

    /// <summary>The answer is shown to people and written to logs: nothing in it may move a terminal's cursor.</summary>
    private static string Printable(string text) => string.Concat(text.Where(c => !char.IsControl(c) || c is '\n' or '\t'));

    private static Answer OfFailure(HttpRequestException exception)
    {
        // The handler's refusal is wrapped once more by the connection that could not be made.
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner.Message.StartsWith("egress denied", StringComparison.OrdinalIgnoreCase))
                return new(DeliveryOutcomes.Denied, null, "The endpoint's address is not allowed: " + inner.Message);
        }

        return exception.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new(DeliveryOutcomes.ConnectFailed, null, "The endpoint's host name could not be resolved."),
            HttpRequestError.ConnectionError => new(DeliveryOutcomes.ConnectFailed, null, "No connection to the endpoint could be made."),
            HttpRequestError.SecureConnectionError => new(DeliveryOutcomes.ConnectFailed, null, "TLS with the endpoint failed; check its certificate."),
            HttpRequestError.ResponseEnded => new(DeliveryOutcomes.Error, null, "The endpoint closed the connection without an answer."),
            var other => new(DeliveryOutcomes.Error, null, $"The exchange with the endpoint failed ({other})."),
        };
    }

    private readonly record struct Answer(string Outcome, int? Status, string? Error, string? Body = null);
}

/// <summary>The values of <see cref="DeliveryAttempt.Outcome"/>.</summary>
internal static class DeliveryOutcomes
{
    public const string Delivered = "delivered";
    public const string Refused = "refused";
    public const string Timeout = "timeout";
    public const string ConnectFailed = "connect_failed";
    public const string Denied = "denied";
    public const string Error = "error";
}
