using System.Globalization;
using IntegrationHub.Host.Connections.Health;

namespace IntegrationHub.Host.Operations.Resilience;

/// <summary>Puts into words what a gate says of its connection's health.</summary>
internal static class CircuitFinding
{
    private const string AskTheProvider = "Look at the provider's status page. Calls go through again by themselves when it answers; an operator can try at once with POST /api/connections/{id}/limits/reset.";

    public static HealthFinding? Of(GateSnapshot gate) => gate switch
    {
        { State: CircuitState.Open } => new(
            ConnectionHealthState.Failing,
            "circuit_open",
            string.Create(CultureInfo.InvariantCulture, $"The last {gate.ConsecutiveFailures} calls failed: the provider cannot be reached, does not answer in time, or fails. Calls are held back until {gate.TrialAt:u}."),
            AskTheProvider,
            gate.TrialAt),
        { State: CircuitState.HalfOpen } => new(
            ConnectionHealthState.Degraded,
            "circuit_half_open",
            string.Create(CultureInfo.InvariantCulture, $"The provider failed and is being tried out: {gate.TrialsSucceeded} of {gate.Settings?.Breaker.SuccessesToClose} trials succeeded."),
            AskTheProvider),
        { PausedUntil: { } until } => new(
            ConnectionHealthState.Degraded,
            "rate_limited",
            string.Create(CultureInfo.InvariantCulture, $"The provider takes no more calls of this connection until {until:u}."),
            "Call less often, or ask the provider for a higher limit and set it in Hub:Providers:{id}:Limits.",
            until),
        _ => null,
    };
}

/// <summary>Where nobody listens.</summary>
internal sealed class SilentHealthSignal : IConnectionHealthSignal
{
    public void Changed(string connectionId)
    {
    }
}
