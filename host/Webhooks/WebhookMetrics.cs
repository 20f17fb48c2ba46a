using System.Diagnostics.Metrics;
using IntegrationHub.Host.Events;

namespace IntegrationHub.Host.Webhooks;

/// <summary>What is counted of webhooks. Tags name loaded providers and known reasons only: nothing a stranger sends makes a new series. Thread-safe.</summary>
internal sealed class WebhookMetrics
{
    private readonly Counter<long> received;
    private readonly Counter<long> refused;
    private readonly Counter<long> accepted;
    private readonly Histogram<double> duration;

    public WebhookMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(EventMetrics.MeterName);
        received = meter.CreateCounter<long>("hub.webhooks.received", "{request}", "Webhook requests that arrived.");
        accepted = meter.CreateCounter<long>("hub.webhooks.accepted", "{request}", "Webhook requests acknowledged, by provider.");
        refused = meter.CreateCounter<long>("hub.webhooks.refused", "{request}", "Webhook requests refused, by reason.");
        duration = meter.CreateHistogram<double>("hub.webhooks.duration", "s", "Time from arrival to the acknowledgement of stored webhooks, by provider.");
    }

    public void Received() => received.Add(1);

    public void Refused(string reason) => refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Accepted(string provider, TimeSpan took)
    {
        var tag = new KeyValuePair<string, object?>("provider", provider);
        accepted.Add(1, tag);
        duration.Record(took.TotalSeconds, tag);
    }
}
