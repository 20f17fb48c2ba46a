using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace IntegrationHub.Host.Insights;

/// <summary>The hub's own meter and activity source; both are named <c>IntegrationHub</c>.</summary>
internal static class HubTelemetry
{
    public const string Name = "IntegrationHub";

    public static readonly ActivitySource Source = new(Name);

    public static readonly Meter Meter = new(Name);

    public static readonly Histogram<double> OperationDuration =
        Meter.CreateHistogram<double>("hub.operation.duration", "s", "Time of an operation, the provider's included");

    public static readonly Counter<long> OperationAttempts =
        Meter.CreateCounter<long>("hub.operation.attempts", "{attempt}", "Calls of adapters, the first of an operation and its repetitions");

    public static readonly Histogram<double> GateWait =
        Meter.CreateHistogram<double>("hub.gate.wait", "s", "Time that attempts waited for their turn: rate, concurrency, pauses");

    public static readonly Counter<long> GateChanges =
        Meter.CreateCounter<long>("hub.circuit.state", "{change}", "Circuits that opened, half-opened or closed, and connections that paused");

    public static readonly Counter<long> Effects =
        Meter.CreateCounter<long>("hub.effects", "{effect}", "Operations that change something, by verdict");

    public static readonly Counter<long> UsageDropped =
        Meter.CreateCounter<long>("hub.usage.dropped", "{record}", "Usage records lost because the store could not keep up");
}
