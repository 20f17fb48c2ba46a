using System.Collections.Concurrent;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Insights;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>The gates of the connections that are called, and the places of their providers. Each node has its own. Thread-safe.</summary>
internal sealed partial class ConnectionGates(
    ResiliencePolicies policies, IOptions<ResilienceOptions> options, IConnectionHealthSignal health, TimeProvider time, ILogger<ConnectionGates> logger) : IConnectionHealthSource
{
    private const int Capacity = 10_000;

    private readonly ConcurrentDictionary<string, ConnectionGate> gates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Bulkhead> providers = new(StringComparer.Ordinal);
    private readonly ResilienceOptions options = options.Value;
    private readonly TimeProvider time = time;

    /// <summary>The connection's gate, with the settings that hold now.</summary>
    public ConnectionGate Of(Connection connection, LoadedProvider provider, out ResilienceSettings settings)
    {
        settings = policies.Of(provider.Manifest, connection.Id);
        if (!gates.TryGetValue(connection.Id, out var gate))
        {
            if (gates.Count >= Capacity)
                Trim();

            gate = gates.GetOrAdd(connection.Id, static (id, made) => new ConnectionGate(id, made.provider, made.self.PlacesOf(made.provider), made.self.options, made.self.time, made.self.Changed),
                (self: this, provider: provider.Id));
        }

        gate.Use(settings);
        return gate;
    }

    /// <summary>The gate, if the connection was called.</summary>
    public ConnectionGate? Find(string connectionId) => gates.GetValueOrDefault(connectionId);

    public ValueTask<HealthFinding?> FindAsync(Connection connection, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(connection.Id) is { } gate ? CircuitFinding.Of(gate.Look()) : null);

    private Bulkhead PlacesOf(string provider) => providers.GetOrAdd(provider, static (_, self) =>
    {
        var places = new Bulkhead(self.time);
        places.Set(self.options.ProviderConcurrency, self.options.ProviderQueueLength);
        return places;
    }, this);

    // Only those that remember nothing: the longest unused quarter goes. A call that holds one of them just now keeps it, and the next call makes another.
    private void Trim()
    {
        foreach (var pair in gates.Where(pair => pair.Value.IsIdle).OrderBy(pair => pair.Value.UsedAt).Take(Capacity / 4).ToList())
            gates.TryRemove(pair);
    }

    private void Changed(ConnectionGate gate, GateChange change)
    {
        HubTelemetry.GateChanges.Add(1, new("hub.provider", gate.ProviderId), new("hub.change", change.ToString()));
        switch (change)
        {
            case GateChange.Opened:
                Log.Opened(logger, gate.ConnectionId, gate.ProviderId, gate.Look().TrialAt);
                break;
            case GateChange.Closed:
                Log.Closed(logger, gate.ConnectionId, gate.ProviderId);
                break;
            case GateChange.Paused:
                Log.Paused(logger, gate.ConnectionId, gate.ProviderId, gate.Look().PausedUntil);
                break;
        }

        health.Changed(gate.ConnectionId);
    }

    private static partial class Log
    {
        [LoggerMessage(3050, LogLevel.Warning, "The circuit of connection {Connection} ({Provider}) opened: its calls failed one after the other. The next trial is at {TrialAt}")]
        public static partial void Opened(ILogger logger, string connection, string provider, DateTimeOffset? trialAt);

        [LoggerMessage(3051, LogLevel.Information, "The circuit of connection {Connection} ({Provider}) closed")]
        public static partial void Closed(ILogger logger, string connection, string provider);

        [LoggerMessage(3052, LogLevel.Warning, "Connection {Connection} ({Provider}) pauses until {Until}: the provider takes no more calls for now")]
        public static partial void Paused(ILogger logger, string connection, string provider, DateTimeOffset? until);
    }
}
