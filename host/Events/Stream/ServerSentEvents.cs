using System.Buffers;
using System.Text;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>The form of server-sent events (WHATWG HTML, "Server-sent events").</summary>
internal static class ServerSentEvents
{
    public const string ContentType = "text/event-stream";

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>
    /// An event with its id. It has no <c>event:</c> field: browsers would hand it to listeners of that very name only, and nobody can list the types there will be.
    /// </summary>
    public static byte[] Write(string id, ReadOnlySpan<byte> json)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length + 64);
        Line(buffer, "id: "u8, Encoding.ASCII.GetBytes(id));

        // Data may hold line ends as its sender wrote them: each line is a field, and the reader joins them.
        while (true)
        {
            var end = json.IndexOfAny(LineEnds);
            Line(buffer, "data: "u8, end < 0 ? json : json[..end]);
            if (end < 0)
                break;

            json = json[(json[end] == '\r' && end + 1 < json.Length && json[end + 1] == '\n' ? end + 2 : end + 1)..];
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A place without an event: readers remember it and hand it to nobody. The comment keeps what is in between from taking the connection for dead.</summary>
    public static byte[] Place(string id) => Encoding.ASCII.GetBytes($": here\nid: {id}\n\n");

    /// <summary>A place, and the event there that cannot be given.</summary>
    public static byte[] LeftOut(string id, string eventId) => Encoding.ASCII.GetBytes($": {eventId} is left out: the subscription's template cannot be filled from it\nid: {id}\n\n");

    private static void Line(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        buffer.Write(field);
        buffer.Write(value);
        buffer.Write("\n"u8);
    }
}
