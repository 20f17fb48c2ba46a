using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// What of an event can be looked at: the attributes of its envelope, and its data, which is opened and parsed when somebody first asks for it. For one event and one thread.
/// </summary>
internal sealed class EventFields(HubEvent hubEvent, IPayloadSealer payloads) : IDisposable
{
    // What was stored was parsed before; how deep it may be was decided then.
    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    private JsonDocument? document;
    private bool isParsed;

    public HubEvent Event { get; } = hubEvent;

    /// <summary>The payload; undefined when it cannot be read.</summary>
    public JsonElement Data
    {
        get
        {
            if (!isParsed)
            {
                isParsed = true;
                document = Parse();
            }

            return document?.RootElement ?? default;
        }
    }

    /// <summary>Whether the data was asked for and could not be read.</summary>
    public bool IsUnreadable => isParsed && document is null;

    /// <summary>An attribute of the envelope; <see langword="null"/> when the event has none of that name.</summary>
    public string? Attribute(EventAttribute attribute) => attribute switch
    {
        EventAttribute.SpecVersion => CloudEventWriter.SpecVersion,
        EventAttribute.Id => Event.Id,
        EventAttribute.Source => CloudEventWriter.Source(Event),
        EventAttribute.Type => Event.Type,
        EventAttribute.Time => CloudEventWriter.Time(Event),
        EventAttribute.DataContentType => CloudEventWriter.DataContentType,
        EventAttribute.Subject => string.IsNullOrEmpty(Event.Subject) ? null : Event.Subject,
        EventAttribute.Provider => Event.Provider,
        EventAttribute.Environment => Event.Environment,
        EventAttribute.Project => Event.Project,
        EventAttribute.ProviderEventId => Event.ProviderEventId,
        EventAttribute.CorrelationId => Event.CorrelationId,
        _ => null,
    };

    public void Dispose() => document?.Dispose();

    private JsonDocument? Parse()
    {
        try
        {
            var data = Event.PlainData.IsEmpty ? payloads.Open(Event.SealedData.Span, Event.Id) : Event.PlainData;
            return JsonDocument.Parse(data, AnyDepth);
        }
        catch (Exception exception) when (exception is JsonException or CryptographicException)
        {
            return null;
        }
    }
}

/// <summary>The attributes of the envelope, and its data.</summary>
internal enum EventAttribute
{
    Data,
    SpecVersion,
    Id,
    Source,
    Type,
    Time,
    DataContentType,
    Subject,
    Provider,
    Environment,
    Project,
    ProviderEventId,
    CorrelationId,
}
