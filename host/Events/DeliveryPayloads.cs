using System.Runtime.CompilerServices;
using IntegrationHub.Host.Events.Routing;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events;

/// <summary>Makes what is sent to a target from an event as it is kept. Thread-safe.</summary>
internal sealed class DeliveryPayloads(IPayloadSealer sealer)
{
    // As long as the subscription is in memory, so is what was compiled of it.
    private readonly ConditionalWeakTable<Subscription, EventTransform> transforms = [];

    /// <summary>The bytes to send, the same for each attempt: <see cref="Make(TargetDelivery)"/> without their media type.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The event was sealed under another master key, or altered.</exception>
    /// <exception cref="TransformException">The subscription's template cannot be filled from the event.</exception>
    public byte[] Write(TargetDelivery delivery) => Make(delivery).Body;

    /// <summary>What to send: the event as CloudEvents 1.0 in JSON, or what the subscription's template makes of it.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The event was sealed under another master key, or altered.</exception>
    /// <exception cref="TransformException">The subscription's template cannot be filled from the event.</exception>
    public SentPayload Make(TargetDelivery delivery) => delivery.Payload ?? Make(delivery.Event, delivery.Subscription);

    /// <inheritdoc cref="Make(TargetDelivery)"/>
    public SentPayload Make(HubEvent hubEvent, Subscription subscription)
    {
        var envelope = CloudEventWriter.Write(hubEvent, sealer.Open(hubEvent.SealedData.Span, hubEvent.Id));
        return subscription.Settings.Transform is null
            ? new SentPayload(envelope, CloudEventWriter.ContentType)
            : transforms.GetValue(subscription, Compile).Apply(envelope);
    }

    // It was checked before it was stored; a row may have been altered since.
    private static EventTransform Compile(Subscription subscription) => EventTransform.TryCompile(subscription.Settings.Transform!.Value, out var compiled, out var issues)
        ? compiled
        : throw new TransformException($"{issues[0].Pointer}: {issues[0].Message}");
}
