using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>Wakes the delivery worker.</summary>
internal sealed class DeliverySignal : WakeSignal;
