using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Targets;

/// <summary>Events as templates see them. Thread-safe.</summary>
internal sealed class EventEnvelopes(IPayloadSealer sealer)
{
    // As deep as webhooks may be.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    /// <summary>The event as CloudEvents envelope.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It was sealed under another master key, or altered.</exception>
    public JsonElement Open(HubEvent hubEvent) => JsonElement.Parse(CloudEventWriter.Write(hubEvent, sealer.Open(hubEvent.SealedData.Span, hubEvent.Id)), Deep);
}
