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

    // Filters look at few fields, and many filters at the same: a handful of ways is enough to remember.
    private const int Remembered = 4;

    private JsonDocument? document;
    private bool isParsed;
    private EventWay[]? ways;
    private int next;

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

    /// <summary>Where a path led to before.</summary>
    public bool TryRecall(string path, out EventWay way)
    {
        foreach (ref readonly var one in ways.AsSpan())
        {
            if (one.Path == path)
            {
                way = one;
                return true;
            }
        }

        way = default;
        return false;
    }

    public void Remember(in EventWay way) => (ways ??= new EventWay[Remembered])[next++ % Remembered] = way;

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

/// <summary>How far a path leads through objects alone: the same for every filter that goes that way.</summary>
/// <param name="Path">The path.</param>
/// <param name="Element">Where it leads to.</param>
/// <param name="At">How many of its segments were used; less than nothing when one of them is not there.</param>
/// <param name="Cost">What finding it took, in steps: it is charged again, so that what a filter may cost does not depend on those before it.</param>
internal readonly record struct EventWay(string Path, JsonElement Element, int At, int Cost);
