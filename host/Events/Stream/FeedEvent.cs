using System.Security.Cryptography;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>One event of the feed. What is written of it is made once for all who read it. Thread-safe.</summary>
internal sealed class FeedEvent(NumberedEvent numbered)
{
    // What is longer is made anew for each reader, so that what the feed holds stays within bounds.
    private const int MaxKept = 64 * 1024;

    private byte[]? frame;

    public long Number => numbered.Number;

    public HubEvent Event => numbered.Event;

    /// <summary>The event as server-sent event; <see langword="null"/> when its data cannot be opened.</summary>
    public byte[]? Frame(StreamCursor cursor, IPayloadSealer payloads)
    {
        if (frame is { } made)
            return made;

        try
        {
            made = ServerSentEvents.Write(cursor.Write(Number), CloudEventWriter.Write(Event, payloads.Open(Event.SealedData.Span, Event.Id)));
        }
        catch (CryptographicException)
        {
            return null;
        }

        if (made.Length <= MaxKept)
            frame = made;
        return made;
    }
}
