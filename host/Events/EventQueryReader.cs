using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Events;

/// <summary>Reads filters over events and deliveries.</summary>
internal sealed class EventQueryReader(IQueryCollection query) : QueryReader(query)
{
    /// <summary>An event type with wildcards.</summary>
    public string? Pattern(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (!EventPattern.TryParse(text, out _, out var error))
            Fault(name, error.Message, error.Hint);
        return text;
    }

    public DeliveryStatus? Status(string name) => OneOf<DeliveryStatus>(name);
}
