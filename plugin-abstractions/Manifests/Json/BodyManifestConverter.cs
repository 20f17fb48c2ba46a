using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Manifests.Json;

/// <summary>A body is its kind alone, or an object.</summary>
internal sealed class BodyManifestConverter : JsonConverter<BodyManifest>
{
    private static readonly BodyManifest Plain = new() { Kind = BodyKind.None };

    public override BodyManifest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var json = JsonElement.ParseValue(ref reader);
        if (json.ValueKind == JsonValueKind.String)
            return new BodyManifest { Kind = json.Deserialize<BodyKind>(options) };

        return new BodyManifest
        {
            Kind = json.TryGetProperty("kind", out var kind) ? kind.Deserialize<BodyKind>(options) : throw new JsonException("A body has a kind."),
            Template = json.TryGetProperty("template", out var template) ? template : null,
            Query = Text(json, "query"),
            ContentType = Text(json, "contentType"),
            ArrayFormat = json.TryGetProperty("arrayFormat", out var format) ? format.Deserialize<ArrayFormat>(options) : Plain.ArrayFormat,
            FilePart = Text(json, "filePart") ?? Plain.FilePart,
        };
    }

    public override void Write(Utf8JsonWriter writer, BodyManifest value, JsonSerializerOptions options)
    {
        if (value == Plain with { Kind = value.Kind })
        {
            JsonSerializer.Serialize(writer, value.Kind, options);
            return;
        }

        writer.WriteStartObject();
        Write(writer, "kind", value.Kind, options);
        if (value.Template is { } template)
            Write(writer, "template", template, options);

        if (value.Query is not null)
            writer.WriteString("query", value.Query);

        if (value.ContentType is not null)
            writer.WriteString("contentType", value.ContentType);

        Write(writer, "arrayFormat", value.ArrayFormat, options);
        writer.WriteString("filePart", value.FilePart);
        writer.WriteEndObject();
    }

    private static void Write<T>(Utf8JsonWriter writer, string name, T value, JsonSerializerOptions options)
    {
        writer.WritePropertyName(name);
        JsonSerializer.Serialize(writer, value, options);
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
