using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace IntegrationHub.Host.Events;

/// <summary>What is counted of events and deliveries. Thread-safe.</summary>
internal sealed class EventMetrics
{
    public const string MeterName = "IntegrationHub";

    public static readonly ActivitySource Activities = new(MeterName);

    private readonly Counter<long> stored;
    private readonly Counter<long> duplicates;
    private readonly Counter<long> attempts;
    private readonly Counter<long> deadLetters;
    private readonly Histogram<double> duration;
    private readonly UpDownCounter<long> inFlight;

    public EventMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        stored = meter.CreateCounter<long>("hub.events.stored", "{event}", "Events stored durably.");
        duplicates = meter.CreateCounter<long>("hub.events.duplicates", "{event}", "Repetitions of known events.");
        attempts = meter.CreateCounter<long>("hub.deliveries.attempts", "{attempt}", "Delivery attempts, by outcome.");
        deadLetters = meter.CreateCounter<long>("hub.deliveries.dead", "{delivery}", "Deliveries that became dead letters.");
        duration = meter.CreateHistogram<double>("hub.deliveries.duration", "s", "Duration of delivery attempts, by outcome.");
        inFlight = meter.CreateUpDownCounter<long>("hub.deliveries.in_flight", "{attempt}", "Delivery attempts that run now.");
    }

    public void Appended(int storedEvents, int repeatedEvents)
    {
        if (storedEvents > 0)
            stored.Add(storedEvents);
        if (repeatedEvents > 0)
            duplicates.Add(repeatedEvents);
    }

    public void AttemptStarted() => inFlight.Add(1);

    public void AttemptEnded() => inFlight.Add(-1);

    public void Attempted(DeliveryAttempt attempt)
    {
        var outcome = new KeyValuePair<string, object?>("outcome", attempt.Outcome);
        attempts.Add(1, outcome);
        duration.Record(attempt.Duration.TotalSeconds, outcome);
    }

    public void Died() => deadLetters.Add(1);
}
