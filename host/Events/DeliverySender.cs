using System.Diagnostics;
using System.Security.Cryptography;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>Makes one attempt, at whatever kind of target, and measures it. Thread-safe.</summary>
internal sealed class DeliverySender(SubscriptionTargets targets, DeliveryPayloads payloads, AnswerRedaction redaction, TimeProvider time, EventMetrics metrics)
{
    /// <summary>Sends, and says what came of it. Does not throw for what the target does.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: whether the target got the event is not known.</exception>
    public async Task<(DeliveryAttempt Attempt, TargetAnswer Answer)> SendAsync(
        string deliveryId, int number, HubEvent hubEvent, Subscription subscription, bool isReplay, CancellationToken cancellationToken)
    {
        using var activity = EventMetrics.Activities.StartActivity("deliver event", ActivityKind.Producer);
        activity?.SetTag("hub.event.id", hubEvent.Id).SetTag("hub.event.type", hubEvent.Type).SetTag("hub.delivery.id", deliveryId).SetTag("hub.delivery.attempt", number);

        var startedAt = time.GetUtcNow();
        var started = time.GetTimestamp();
        metrics.AttemptStarted();
        try
        {
            var answer = redaction.Redact(await AnswerAsync(new TargetDelivery(deliveryId, number, hubEvent, subscription, isReplay, startedAt), cancellationToken), subscription);
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
                Step = answer.Step ?? DeliverySteps.Of(answer.Outcome),
                ResponseHeaders = answer.Headers,
                ResponseBody = answer.Body,
            };
            metrics.Attempted(attempt);
            activity?.SetTag("http.response.status_code", answer.Status)
                .SetStatus(answer.Error is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, answer.Error);
            return (attempt, answer);
        }
        finally
        {
            metrics.AttemptEnded();
        }
    }

    private async Task<TargetAnswer> AnswerAsync(TargetDelivery delivery, CancellationToken cancellationToken)
    {
        var kind = delivery.Subscription.TargetKind;
        if (targets.Find(kind) is not { } target)
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Step = DeliverySteps.Route, Error = $"This hub has no targets of the kind '{kind}'.", IsHubFault = true };

        try
        {
            // Here and not in the target, so that a template that fails ends the same way whatever the target is.
            if (delivery.Subscription.Settings.Transform is not null)
                delivery = delivery with { Payload = payloads.Make(delivery) };
        }
        catch (TransformException exception)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.TransformFailed, Step = DeliverySteps.Render, Error = $"The template cannot be filled from this event. {exception.Message}", IsFinal = true, IsHubFault = true };
        }
        catch (CryptographicException)
        {
            return new TargetAnswer { Outcome = DeliveryOutcomes.Error, Step = DeliverySteps.Secrets, Error = "The event's data cannot be decrypted; check the master key.", IsHubFault = true };
        }

        return await target.SendAsync(delivery, cancellationToken);
    }
}
