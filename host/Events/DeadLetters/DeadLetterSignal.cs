using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>Wakes whoever tells of dead letters.</summary>
internal sealed class DeadLetterSignal : WakeSignal;
