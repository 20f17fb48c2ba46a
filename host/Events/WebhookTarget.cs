using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using IntegrationHub.Webhooks;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>
/// Posts events to an endpoint, signed as Standard Webhooks 1.0 says. Where a host name leads is checked when the connection is made, not when the address is stored: it can
/// change. Thread-safe.
/// </summary>
internal sealed class WebhookTarget : IDeliveryTarget, IDisposable
{
    public const string KindName = "webhook";
    public const int MaxUrlLength = 2048;

    /// <summary>Tells receivers that an event was sent, or tried, before and is sent again because a person asked for it.</summary>
    public const string ReplayHeader = "webhook-replay";

    /// <summary>How much of an answer is read and kept.</summary>
    public const int MaxAnswer = 4096;

    private static readonly MediaTypeHeaderValue ContentType = MediaTypeHeaderValue.Parse(CloudEventWriter.ContentType);
    private static readonly string UserAgent = $"IntegrationHub/{typeof(WebhookTarget).Assembly.GetName().Version?.ToString(3)}";

    private readonly SubscriptionSecrets secrets;
    private readonly DeliveryPayloads payloads;
    private readonly HubOptions hub;
    private readonly TimeProvider time;
    private readonly TimeSpan timeout;
    private readonly HttpClient client;

    public WebhookTarget(
        IEgressHandlers egress, SubscriptionSecrets secrets, DeliveryPayloads payloads, IOptions<DeliveryOptions> options, IOptions<HubOptions> hub, TimeProvider time)
    {
        this.secrets = secrets;
        this.payloads = payloads;
        this.hub = hub.Value;
        this.time = time;
        timeout = options.Value.Timeout;
        client = new HttpClient(egress.ForUserTargets, disposeHandler: false)
        {
            // The attempt's own token is the timeout; it covers the answer's body too, and obeys the injected clock.
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
        };
    }

    public string Kind => KindName;

    public IEnumerable<ValidationIssue> Check(Subscription subscription)
    {
        if (CheckUrl(subscription.Url) is { } issue)
            yield return issue;

        foreach (var member in subscription.Settings.Target?.EnumerateObject() ?? [])
            yield return new($"/target/{RequestBody.Escape(member.Name)}", $"There is no member '{member.Name}' here.", Suggestion.For(member.Name, ["kind", "url"]));
    }

    public string Describe(Subscription subscription) => Uri.TryCreate(subscription.Url, UriKind.Absolute, out var uri) ? uri.Authority : "";

    public async Task<TargetAnswer> SendAsync(TargetDelivery delivery, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var request = Request(delivery);
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
                >= 200 and < 300 => new() { Outcome = DeliveryOutcomes.Delivered, Status = status, Body = body },
                >= 300 and < 400 => new() { Outcome = DeliveryOutcomes.Refused, Status = status, Error = $"The endpoint answered {status}; redirects are not followed.", Body = body },
                410 => new() { Outcome = DeliveryOutcomes.Refused, Status = status, Error = "The endpoint answered 410: it wants no more events.", Body = body },
                _ => new() { Outcome = DeliveryOutcomes.Refused, Status = status, Error = $"The endpoint answered {status}.", Body = body },
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Timeout, Error = string.Create(CultureInfo.InvariantCulture, $"The endpoint did not answer within {timeout.TotalSeconds:0.#} s.") };
        }
        catch (HttpRequestException exception)
        {
            return OfFailure(exception);
        }
        catch (CryptographicException)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = "The signing secret or the event's data cannot be decrypted; check the master key." };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = $"The request could not be sent ({exception.GetType().Name})." };
        }
    }

    private HttpRequestMessage Request(TargetDelivery delivery)
    {
        var (hubEvent, subscription, now) = (delivery.Event, delivery.Subscription, delivery.Now);
        var (body, contentType) = payloads.Make(delivery);
        var signature = StandardWebhooks.Sign(hubEvent.Id, now, body, secrets.Open(subscription, now));

        var request = new HttpRequestMessage(HttpMethod.Post, subscription.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = contentType == CloudEventWriter.ContentType ? ContentType : MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation(StandardWebhooks.IdHeader, hubEvent.Id);
        request.Headers.TryAddWithoutValidation(StandardWebhooks.TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(StandardWebhooks.SignatureHeader, signature);
        if (delivery.IsReplay)
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

    private static TargetAnswer OfFailure(HttpRequestException exception)
    {
        // The handler's refusal is wrapped once more by the connection that could not be made.
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner.Message.StartsWith("egress denied", StringComparison.OrdinalIgnoreCase))
                return new TargetAnswer { Outcome = DeliveryOutcomes.Denied, Error = "The endpoint's address is not allowed: " + inner.Message };
        }

        return exception.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new() { Outcome = DeliveryOutcomes.ConnectFailed, Error = "The endpoint's host name could not be resolved." },
            HttpRequestError.ConnectionError => new() { Outcome = DeliveryOutcomes.ConnectFailed, Error = "No connection to the endpoint could be made." },
            HttpRequestError.SecureConnectionError => new() { Outcome = DeliveryOutcomes.ConnectFailed, Error = "TLS with the endpoint failed; check its certificate." },
            HttpRequestError.ResponseEnded => new() { Outcome = DeliveryOutcomes.Error, Error = "The endpoint closed the connection without an answer." },
            var other => new() { Outcome = DeliveryOutcomes.Error, Error = $"The exchange with the endpoint failed ({other})." },
        };
    }

    private ValidationIssue? CheckUrl(string url)
    {
        if (string.IsNullOrEmpty(url))
            return new("/target/url", "The endpoint's address is missing.", "Write the https address that receives the events.");
        if (url.Length > MaxUrlLength)
            return new("/target/url", $"The address is longer than {MaxUrlLength} characters.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Host.Length == 0 || url.Any(char.IsControl))
            return new("/target/url", "This is no absolute https address.", "It looks like https://example.com/hooks.");
        if (uri.Scheme == "http" && !hub.AllowPrivateTargets)
            return new("/target/url", "The address must begin with https.", "Plain http is for development, with Hub:AllowPrivateTargets.");
        if (uri.UserInfo.Length > 0)
            return new("/target/url", "The address must not contain credentials.", "Verify the webhook-signature header instead.");
        if (url.Contains('#', StringComparison.Ordinal))
            return new("/target/url", "The address must not have a fragment.", "Leave out the # and what follows.");

        return null;
    }

    public void Dispose() => client.Dispose();
}
