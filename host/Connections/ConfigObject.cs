using System.Buffers;
using System.Text.Json;

namespace IntegrationHub.Host.Connections;

internal static class ConfigObject
{
    public static JsonElement Empty { get; } = JsonElement.Parse("{}"u8);

    /// <summary>An object of the fields, in their order.</summary>
    public static JsonElement Of(IEnumerable<KeyValuePair<string, JsonElement>> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in fields)
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        var result = JsonElement.ParseValue(ref reader);
        buffer.Clear();
        return result;
    }

    public static Dictionary<string, JsonElement> FieldsOf(JsonElement config) =>
        config.ValueKind == JsonValueKind.Object ? config.EnumerateObject().ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal) : [];
}
