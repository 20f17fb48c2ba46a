using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events;

/// <summary>Makes what is sent to a target from an event as it is kept. Thread-safe.</summary>
internal sealed class DeliveryPayloads(IPayloadSealer sealer)
{
    /// <summary>The bytes to send: the event as CloudEvents 1.0 in JSON, the same for each attempt.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The event was sealed under another master key, or altered.</exception>
    public byte[] Write(TargetDelivery delivery) => CloudEventWriter.Write(delivery.Event, sealer.Open(delivery.Event.SealedData.Span, delivery.Event.Id));
}
