using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Events;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace IntegrationHub.Host.Targets.RabbitMq;

/// <summary>
/// Publishes events to an exchange of a RabbitMQ broker (AMQP 0-9-1), as persistent messages that the broker confirms. The body is the event as CloudEvents in JSON ("structured
/// mode"). Thread-safe.
/// </summary>
internal sealed class RabbitMqTarget(
    RabbitMqLinks links, SubscriptionSecrets secrets, DeliveryPayloads payloads, EventEnvelopes envelopes, AddressPolicy policy, IOptions<DeliveryOptions> options, TimeProvider time) : IDeliveryTarget
{
    public const string KindName = "rabbitmq";
    private const string AppId = "integration-hub";

    // RabbitMQ's own, which it accepts from loopback only.
    private const string Guest = "guest";

    public string Kind => KindName;

    public IReadOnlyCollection<string> SecretMembers { get; } = [RabbitMqSettings.PasswordMember];

    public IEnumerable<ValidationIssue> Check(Subscription subscription) => RabbitMqSettings.Check(subscription, policy.MayAllowPrivate);

    public string Describe(Subscription subscription) => Uri.TryCreate(subscription.Url, UriKind.Absolute, out var uri) ? uri.Authority + uri.AbsolutePath : "";

    public async Task<TargetAnswer> SendAsync(TargetDelivery delivery, CancellationToken cancellationToken)
    {
        var timeout = delivery.Subscription.Settings.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.Value.Timeout;
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        string? exchange = null, routingKey = null;
        try
        {
            var settings = RabbitMqSettings.Of(delivery.Subscription);
            exchange = settings.Exchange ?? "";
            var payload = payloads.Make(delivery);
            routingKey = RoutingKeyOf(settings, delivery, out var fault);
            if (fault is not null)
                return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = fault, IsFinal = true, IsHubFault = true };

            var password = secrets.OpenTarget(delivery.Subscription) is { } hidden && hidden.TryGetProperty(RabbitMqSettings.PasswordMember, out var value) ? value.GetString() : null;
            var link = links.Get(new RabbitMqAddress(delivery.Subscription.Id, delivery.Subscription.Url, settings.Username ?? Guest, password ?? Guest));
            await link.PublishAsync(exchange, routingKey!, settings.Mandatory, PropertiesOf(delivery, payload.ContentType), payload.Body, either.Token);
            return new TargetAnswer { Outcome = DeliveryOutcomes.Delivered };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new TargetAnswer
            {
                Outcome = DeliveryOutcomes.Timeout,
                Error = string.Create(CultureInfo.InvariantCulture, $"The broker did not confirm within {timeout.TotalSeconds:0.#} s."),
            };
        }
        catch (CryptographicException)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = "The broker's password or the event's data cannot be decrypted; check the master key.", IsHubFault = true };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return OfFailure(exception, exchange, routingKey);
        }
    }

    private string? RoutingKeyOf(RabbitMqSettings settings, TargetDelivery delivery, out string? fault)
    {
        fault = null;
        try
        {
            // Always made of the event itself, whatever a transformation makes of the body.
            var key = settings.CompileRoutingKey().RenderText(TargetMembers.Scope(envelopes.Open(delivery.Event)));
            if (key is null)
                fault = "The routing key cannot be made: the event lacks a value that it names. Use the pipe 'default', or a filter.";
            else if (Encoding.UTF8.GetByteCount(key) > RabbitMqSettings.MaxName)
                fault = $"The routing key would have more than {RabbitMqSettings.MaxName} bytes.";
            return key;
        }
        catch (Exception exception) when (exception is TemplateException or JsonException)
        {
            fault = $"The routing key cannot be made: {exception.Message}";
            return null;
        }
    }

    private static BasicProperties PropertiesOf(TargetDelivery delivery, string contentType)
    {
        var one = delivery.Event;
        var properties = new BasicProperties
        {
            MessageId = one.Id,
            Type = one.Type,
            Timestamp = new AmqpTimestamp(one.Time.ToUnixTimeSeconds()),
            ContentType = contentType,
            AppId = AppId,
            CorrelationId = one.CorrelationId,
            DeliveryMode = DeliveryModes.Persistent,
        };
        if (delivery.IsReplay)
            properties.Headers = new Dictionary<string, object?> { [WebhookTarget.ReplayHeader] = "true" };
        return properties;
    }

    private static TargetAnswer OfFailure(Exception exception, string? exchange, string? routingKey)
    {
        for (Exception? inner = exception; inner is not null; inner = (inner as AggregateException)?.InnerExceptions.FirstOrDefault() ?? inner.InnerException)
        {
            switch (inner)
            {
                case EgressDeniedException denied:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.Denied, Error = "The broker's address is not allowed: " + denied.Message };
                case PublishException { IsReturn: true }:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.Refused, Error = $"No queue took the message: nothing is bound to the exchange '{exchange}' for the routing key '{routingKey}'." };
                case PublishException:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.Refused, Error = "The broker refused the message (nack): a queue is full, or could not store it." };
                case AuthenticationFailureException:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.Refused, Error = "The broker refused user or password." };
                case OperationInterruptedException { ShutdownReason: { } reason }:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.Refused, Error = $"The broker closed the channel: {reason.ReplyCode} {Printable(reason.ReplyText)}" };
                case AuthenticationException:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.ConnectFailed, Error = "TLS with the broker failed; check its certificate." };
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.ConnectFailed, Error = "The broker's host name could not be resolved." };
                case SocketException:
                    return new TargetAnswer { Outcome = DeliveryOutcomes.ConnectFailed, Error = "No connection to the broker could be made." };
            }
        }

        return exception is BrokerUnreachableException or ConnectFailureException
            ? new TargetAnswer { Outcome = DeliveryOutcomes.ConnectFailed, Error = "No connection to the broker could be made." }
            : new TargetAnswer { Outcome = DeliveryOutcomes.Error, Error = $"The message could not be published ({exception.GetType().Name})." };
    }

    private static string Printable(string? text) => string.Concat((text ?? "").Where(c => !char.IsControl(c)));
}
