using System.Buffers;
using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>Puts a schema's <c>default</c>s where an object has no value.</summary>
internal sealed class SchemaDefaults
{
    private readonly SchemaNode root;
    private readonly bool any;

    public SchemaDefaults(IReadOnlyList<SchemaNode> nodes)
    {
        root = nodes[0];
        any = nodes.Any(node => node.Default is not null);
    }

    public JsonElement Apply(JsonElement value)
    {
        if (!any || value.ValueKind != JsonValueKind.Object || !Changes(value, root))
            return value;

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = 1000 }))
            Write(writer, value, root);

        using var result = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 1000 });
        return result.RootElement.Clone();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, SchemaNode schema)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            value.WriteTo(writer);
            return;
        }

        var properties = PropertiesOf(schema);
        writer.WriteStartObject();
        foreach (var member in value.EnumerateObject())
        {
            writer.WritePropertyName(member.Name);
            if (properties.TryGetValue(member.Name, out var known))
                Write(writer, member.Value, known);
            else
                member.Value.WriteTo(writer);
        }

        foreach (var (name, property) in properties)
        {
            if (DefaultOf(property) is not { } preset || value.TryGetProperty(name, out _))
                continue;

            writer.WritePropertyName(name);
            Write(writer, preset, property);
        }

        writer.WriteEndObject();
    }

    private static bool Changes(JsonElement value, SchemaNode schema) =>
        value.ValueKind == JsonValueKind.Object && PropertiesOf(schema).Any(property =>
            value.TryGetProperty(property.Key, out var child) ? Changes(child, property.Value) : DefaultOf(property.Value) is not null);

    private static JsonElement? DefaultOf(SchemaNode schema)
    {
        for (var at = schema; at is not null; at = at.Reference)
            if (at.Default is { } preset)
                return preset;

        return null;
    }

    private static Dictionary<string, SchemaNode> PropertiesOf(SchemaNode schema)
    {
        var properties = new Dictionary<string, SchemaNode>(StringComparer.Ordinal);
        Collect(schema);
        return properties;

        void Collect(SchemaNode node)
        {
            while (node.Reference is not null)
                node = node.Reference;

            foreach (var (name, property) in node.Properties)
                properties.TryAdd(name, property);

            foreach (var part in node.AllOf)
                Collect(part);
        }
    }
}
