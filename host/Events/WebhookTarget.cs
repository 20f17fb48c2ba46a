using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Events.DeadLetters;
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

    /// <summary>How long an answer's body is waited for once its status is known: that is the answer, the body only explains it.</summary>
    public static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(2);

    private static readonly MediaTypeHeaderValue ContentType = MediaTypeHeaderValue.Parse(CloudEventWriter.ContentType);
    private static readonly string UserAgent = $"IntegrationHub/{typeof(WebhookTarget).Assembly.GetName().Version?.ToString(3)}";

    private readonly OpenedSubscription.Cache opened;
    private readonly DeliveryPayloads payloads;
    private readonly DeliveryOptions options;
    private readonly HubOptions hub;
    private readonly AddressPolicy addresses;
    private readonly TimeProvider time;
    private readonly HttpMessageInvoker client;

    public WebhookTarget(
        IEgressHandlers egress, SubscriptionSecrets secrets, DeliveryPayloads payloads, IOptions<DeliveryOptions> options, IOptions<HubOptions> hub, TimeProvider time)
    {
        opened = new OpenedSubscription.Cache(secrets);
        this.payloads = payloads;
        this.options = options.Value;
        this.hub = hub.Value;
        addresses = new AddressPolicy(hub.Value);
        this.time = time;

        // No client: it would add a timeout of its own on the wrong clock, and buffer what is thrown away.
        client = new HttpMessageInvoker(egress.ForUserTargets, disposeHandler: false);
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
        var timeout = options.TimeoutOf(delivery.Subscription);
        HttpRequestMessage request;
        try
        {
            request = Request(delivery);
        }
        catch (CryptographicException)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Step = DeliverySteps.Secrets, Error = "The signing secret or the event's data cannot be decrypted; check the master key.", IsHubFault = true };
        }
        catch (Exception exception)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = $"The request could not be made ({exception.GetType().Name}).", IsHubFault = true };
        }

        // The attempt's own token is the timeout; it obeys the injected clock.
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var sent = request;
            using var response = await client.SendAsync(request, either.Token);
            return Judge(response, await ReadStartAsync(response.Content, either, cancellationToken));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Timeout, Error = string.Create(CultureInfo.InvariantCulture, $"The endpoint did not answer within {timeout.TotalSeconds:0.#} s.") };
        }
        catch (HttpRequestException exception)
        {
            return OfFailure(exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = $"The request could not be sent ({exception.GetType().Name})." };
        }
    }

    private TargetAnswer Judge(HttpResponseMessage response, string? body)
    {
        var status = (int)response.StatusCode;
        var answer = new TargetAnswer { Outcome = DeliveryOutcomes.Delivered, Status = status, Headers = AnswerHeaders.Kept(response), Body = body };
        return status switch
        {
            >= 200 and < 300 => answer,
            >= 300 and < 400 => answer with { Outcome = DeliveryOutcomes.Refused, Error = $"The endpoint answered {status}; redirects are not followed." },
            410 => answer with { Outcome = DeliveryOutcomes.Refused, Error = "The endpoint answered 410: it wants no more events." },
            429 or >= 500 => answer with { Outcome = DeliveryOutcomes.Refused, Error = $"The endpoint answered {status}.", RetryAfter = AnswerHeaders.RetryAfter(response.Headers, time.GetUtcNow()) },
            _ => answer with { Outcome = DeliveryOutcomes.Refused, Error = $"The endpoint answered {status}." },
        };
    }

    private HttpRequestMessage Request(TargetDelivery delivery)
    {
        var (hubEvent, now) = (delivery.Event, delivery.Now);
        var keys = opened.Of(delivery.Subscription);
        var (body, contentType) = payloads.Make(delivery);
        var signature = StandardWebhooks.Sign(hubEvent.Id, now, body, keys.SecretsAt(now));

        var request = new HttpRequestMessage(HttpMethod.Post, keys.Uri) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = contentType == CloudEventWriter.ContentType ? ContentType : MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation(StandardWebhooks.IdHeader, hubEvent.Id);
        request.Headers.TryAddWithoutValidation(StandardWebhooks.TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(StandardWebhooks.SignatureHeader, signature);
        if (delivery.IsReplay)
            request.Headers.TryAddWithoutValidation(ReplayHeader, "true");

        // Which names may be used is checked before they are stored; a header that is set already stays as the hub wrote it.
        foreach (var (name, value) in keys.Headers)
        {
            if (!request.Headers.NonValidated.Contains(name) && !request.Headers.TryAddWithoutValidation(name, value) && !request.Content.Headers.NonValidated.Contains(name))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    /// <summary>The first kilobytes of an answer: what came of them in time. The status is the answer, and a body that breaks off, trickles or never ends changes nothing about it.</summary>
    private async Task<string?> ReadStartAsync(HttpContent content, CancellationTokenSource attempt, CancellationToken stopping)
    {
        if (content.Headers.ContentLength == 0)
            return null;

        var buffer = new byte[MaxAnswer];
        var length = 0;
        await using var patience = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), attempt, BodyPatience, System.Threading.Timeout.InfiniteTimeSpan);
        try
        {
            await using var stream = await content.ReadAsStreamAsync(attempt.Token);
            while (length < MaxAnswer && await stream.ReadAsync(buffer.AsMemory(length, MaxAnswer - length), attempt.Token) is > 0 and var read)
                length += read;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // What was read is kept.
        }

        return length == 0 ? null : Printable(Encoding.UTF8.GetString(buffer, 0, length));
    }

    /// <summary>The answer is shown to people and written to logs: nothing in it may move a terminal's cursor.</summary>
    private static string Printable(string text) =>
        text.Any(static c => char.IsControl(c) && c is not ('\n' or '\t')) ? string.Concat(text.Where(static c => !char.IsControl(c) || c is '\n' or '\t')) : text;

    private static TargetAnswer OfFailure(HttpRequestException exception)
    {
        // The handler's refusal is wrapped once more by the connection that could not be made.
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner.Message.StartsWith("egress denied", StringComparison.OrdinalIgnoreCase))
                return new TargetAnswer { Outcome = DeliveryOutcomes.Denied, Error = "The endpoint's address is not allowed: " + inner.Message };
            if (inner is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError })
                return new TargetAnswer { Outcome = DeliveryOutcomes.ConnectFailed, Error = inner.Message };
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

        // A name is checked when it leads somewhere; an address that is written out can be told at once.
        if (uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 && IPAddress.TryParse(uri.DnsSafeHost, out var address) && addresses.WhyRefused(address) is { } kind)
            return new("/target/url", $"The hub does not call this address: it is {kind}.", "Name a public one, or let the operator allow its network with Hub:AllowedNetworks.");

        return null;
    }

    public void Dispose() => client.Dispose();
}
