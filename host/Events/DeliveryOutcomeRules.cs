using System.Globalization;
using System.Net;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Events;

/// <summary>What an attempt means for its delivery: done, again later, or dead and why. Thread-safe.</summary>
internal sealed class DeliveryOutcomeRules(RetrySchedule schedule, IOptions<DeliveryOptions> options, TimeProvider time)
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);

    /// <summary>What becomes of a delivery that is not sent at all; <see langword="null"/> when it is to be sent.</summary>
    public AttemptRecord? WhyNotSent(Delivery delivery, Subscription? subscription, int number)
    {
        var (status, reason) = (subscription, delivery.Event) switch
        {
            (null, _) => (DeliveryStatus.Cancelled, "Not sent: the subscription was deleted."),
            ({ Enabled: false, DisabledReason: { } why }, _) => (DeliveryStatus.Dead, $"Not sent: the subscription was disabled. {why}"),
            ({ Enabled: false }, _) => (DeliveryStatus.Dead, "Not sent: the subscription is disabled. Enable it and replay this dead letter."),
            (_, null) => (DeliveryStatus.Dead, "Not sent: the event is no longer kept."),
            _ => (DeliveryStatus.Pending, ""),
        };
        if (status == DeliveryStatus.Pending)
            return null;

        var now = time.GetUtcNow();
        var attempt = new DeliveryAttempt
        {
            Id = Ids.New(Ids.Attempt, now),
            DeliveryId = delivery.Id,
            Number = number,
            StartedAt = now,
            Duration = TimeSpan.Zero,
            Outcome = DeliveryOutcomes.Error,
            Step = DeliverySteps.Route,
            Error = reason,
        };
        return new AttemptRecord(attempt, status, null, reason);
    }

    public AttemptRecord Decide(DeliveryAttempt attempt, TargetAnswer answer)
    {
        if (attempt.Outcome == DeliveryOutcomes.Delivered)
            return new AttemptRecord(attempt, DeliveryStatus.Delivered, null, null);

        if (answer.IsDeferred)
            return new AttemptRecord(attempt, DeliveryStatus.Pending, time.GetUtcNow() + Longer(LeastPause, answer.RetryAfter), attempt.Error, Counts: false);

        // First, since other kinds of targets have their own words for what their providers answer.
        if (answer.IsFinal)
            return new AttemptRecord(attempt, DeliveryStatus.Dead, null, $"Not tried again: {attempt.Error}");

        // Standard Webhooks: 410 says that the endpoint wants no more.
        if (attempt.Status == (int)HttpStatusCode.Gone)
            return new AttemptRecord(attempt, DeliveryStatus.Dead, null, "The endpoint answered 410 (gone): it wants no more events. Delete the subscription, or correct its address.");

        if (schedule.Next(attempt.Number) is { } pause)
            return new AttemptRecord(attempt, DeliveryStatus.Pending, time.GetUtcNow() + Longer(pause, answer.RetryAfter), attempt.Error);

        var reason = string.Create(CultureInfo.InvariantCulture, $"Given up after {attempt.Number} attempts. The last one: {attempt.Error}");
        return new AttemptRecord(attempt, DeliveryStatus.Dead, null, reason);
    }

    /// <summary>The schedule's pause, or what the endpoint asked for if that is longer: within the operator's bound, so that nobody parks a delivery for a year.</summary>
    private TimeSpan Longer(TimeSpan pause, TimeSpan? asked)
    {
        if (asked is not { } retryAfter || retryAfter <= pause)
            return pause;

        var most = options.Value.MaxRetryAfter;
        return retryAfter < most ? retryAfter : pause > most ? pause : most;
    }
}
