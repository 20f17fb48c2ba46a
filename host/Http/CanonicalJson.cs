using System.Buffers;
using System.Text.Json;

namespace IntegrationHub.Host.Http;

/// <summary>JSON in one form whoever wrote it: no white space, members in ordinal order. Numbers keep their digits.</summary>
internal static class CanonicalJson
{
    private const int MaxNested = 64;

    public static ReadOnlySpan<byte> Of(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { MaxDepth = MaxNested }))
            Write(writer, value);

        return output.WrittenSpan;
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Write(writer, item);

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(value.GetString());
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
