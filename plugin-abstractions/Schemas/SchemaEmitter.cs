using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>
/// Writes nodes as the schema that NJsonSchema reads: structure only, annotations and single-value keywords left out, every reference a plain
/// <c>#/definitions/n</c>, and each schema marked with its node's number.
/// </summary>
internal static class SchemaEmitter
{
    /// <summary>The extension keyword with a node's number.</summary>
    public const string NodeKey = "x-node";

    /// <summary>The name of a shared node's definition.</summary>
    public static string Definition(SchemaNode node) => node.Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The whole document.</summary>
    public static string Emit(IEnumerable<SchemaNode> nodes)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("definitions");
            foreach (var node in nodes.Where(n => n.Shared))
            {
                writer.WritePropertyName(Definition(node));
                Write(writer, node);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter writer, SchemaNode node)
    {
        writer.WriteStartObject();
        if (node.Reference is not null)
        {
            writer.WriteString("$ref", "#/definitions/" + Definition(node.Reference));
            writer.WriteEndObject();
            return;
        }

        writer.WriteNumber(NodeKey, node.Id);
        if (node.Source.ValueKind == JsonValueKind.False)
        {
            writer.WriteStartObject("not");
            writer.WriteEndObject();
        }
        else if (node.Source.ValueKind == JsonValueKind.Object)
        {
            WriteBody(writer, node);
        }

        writer.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter writer, SchemaNode node)
    {
        foreach (var keyword in (string[])["type", "required"])
            Copy(writer, node, keyword);

        if (node.Properties.Count > 0)
        {
            writer.WriteStartObject("properties");
            foreach (var (name, schema) in node.Properties)
            {
                writer.WritePropertyName(name);
                Write(writer, schema);
            }

            writer.WriteEndObject();
        }

        WriteOne(writer, "additionalProperties", node.AdditionalProperties, node);
        WriteOne(writer, "additionalItems", node.AdditionalItems, node);
        if (node.Items is not null)
            WriteOne(writer, "items", node.Items, node);

        WriteMany(writer, "items", node.TupleItems);
        WriteAllOf(writer, node);
        WriteMany(writer, "anyOf", node.AnyOf);
        WriteMany(writer, "oneOf", node.OneOf);
        if (node.Not is not null)
            WriteOne(writer, "not", node.Not, node);
    }

    private static void WriteOne(Utf8JsonWriter writer, string keyword, SchemaNode? schema, SchemaNode parent)
    {
        if (schema is null)
        {
            Copy(writer, parent, keyword);
            return;
        }

        writer.WritePropertyName(keyword);
        Write(writer, schema);
    }

    // NJsonSchema takes a schema with one alternative that is a reference for the reference itself, and forgets what else it says ("required", "not").
    // A second part, to which everything fits, keeps it from that.
    private static void WriteAllOf(Utf8JsonWriter writer, SchemaNode node)
    {
        if (node.AllOf.Count + node.AnyOf.Count + node.OneOf.Count != 1)
        {
            WriteMany(writer, "allOf", node.AllOf);
            return;
        }

        writer.WriteStartArray("allOf");
        foreach (var schema in node.AllOf)
            Write(writer, schema);

        writer.WriteStartObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static void WriteMany(Utf8JsonWriter writer, string keyword, List<SchemaNode> schemas)
    {
        if (schemas.Count == 0)
            return;

        writer.WriteStartArray(keyword);
        foreach (var schema in schemas)
            Write(writer, schema);

        writer.WriteEndArray();
    }

    private static void Copy(Utf8JsonWriter writer, SchemaNode node, string keyword)
    {
        if (!node.Source.TryGetProperty(keyword, out var value))
            return;

        writer.WritePropertyName(keyword);
        value.WriteTo(writer);
    }
}
