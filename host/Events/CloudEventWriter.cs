using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IntegrationHub.Host.Events;

/// <summary>Writes events as CloudEvents 1.0 in the JSON format (cloudevents.io, "JSON Event Format"). The same event always gives the same bytes.</summary>
internal static class CloudEventWriter
{
    public const string ContentType = "application/cloudevents+json; charset=utf-8";

    public const string SpecVersion = "1.0";
    public const string DataContentType = "application/json";

    // Sent as its own media type with charset, never inside HTML: text stays readable and short.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The envelope with its data: UTF-8 JSON as it was stored, written as it is.</summary>
    public static byte[] Write(HubEvent hubEvent, ReadOnlySpan<byte> data)
    {
        var buffer = new ArrayBufferWriter<byte>(data.Length + 512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            WriteMembers(writer, hubEvent, data);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The members of the envelope, into an object that the caller opened.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, HubEvent hubEvent, ReadOnlySpan<byte> data)
    {
        writer.WriteString("specversion"u8, SpecVersion);
        writer.WriteString("id"u8, hubEvent.Id);
        writer.WriteString("source"u8, Source(hubEvent));
        writer.WriteString("type"u8, hubEvent.Type);
        writer.WriteString("time"u8, Time(hubEvent));
        writer.WriteString("datacontenttype"u8, DataContentType);

        // An attribute without a value is left out (CloudEvents 1.0, "Type System"), never null.
        if (!string.IsNullOrEmpty(hubEvent.Subject))
            writer.WriteString("subject"u8, hubEvent.Subject);

        writer.WriteString("provider"u8, hubEvent.Provider);
        writer.WriteString("environment"u8, hubEvent.Environment);
        writer.WriteString("project"u8, hubEvent.Project);
        writer.WriteString("providereventid"u8, hubEvent.ProviderEventId);
        writer.WriteString("correlationid"u8, hubEvent.CorrelationId);
        if (hubEvent.ReprocessOf is { } former)
            writer.WriteString("reprocessof"u8, former);
        writer.WritePropertyName("data"u8);

        // It was parsed before it was stored.
        writer.WriteRawValue(data, skipInputValidation: true);
    }

    public static string Time(HubEvent hubEvent) =>
        hubEvent.Time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>A URI reference, as CloudEvents wants it.</summary>
    public static string Source(HubEvent hubEvent) =>
        hubEvent.ConnectionId is { } connection ? $"/connections/{connection}"
        : hubEvent.Provider == EventProviders.Hub ? "/hub"
        : $"/projects/{Uri.EscapeDataString(hubEvent.Project)}";
}

/// <summary>What stands for the provider in events that came from none.</summary>
internal static class EventProviders
{
    /// <summary>Published by an application.</summary>
    public const string App = "app";

    /// <summary>Made by the hub itself.</summary>
    public const string Hub = "hub";
}
