using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Templates;

/// <summary>Conversions between JSON and text without reflection. Written JSON keeps every script readable and is valid all the same (RFC 8259 §7).</summary>
internal static class JsonText
{
    /// <summary>HTML is not a place this JSON goes to, so only what JSON itself demands is escaped.</summary>
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = MaxDepth };

    /// <summary>How deep JSON may be here: what was read by whoever gave it must also be written and read again.</summary>
    private const int MaxDepth = 4096;

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = MaxDepth };

    public static readonly JsonElement Null = JsonElement.Parse("null");

    public static byte[] Utf8(JsonNode? node)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
            Write(writer, node);

        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        if (node is null)
            writer.WriteNullValue();
        else
            node.WriteTo(writer);
    }

    public static string Compact(JsonNode? node) => Encoding.UTF8.GetString(Utf8(node));

    /// <exception cref="TemplateException">A string in it holds half a surrogate pair, which no text can.</exception>
    public static string Compact(JsonElement element)
    {
        if (!JsonMembers.IsText(element))
            throw NoText();

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
            element.WriteTo(writer);

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static JsonElement ToElement(JsonNode? node) => node is null ? Null : JsonElement.Parse(Utf8(node), Deep);

    public static JsonElement ToElement(string text)
    {
        var buffer = new ArrayBufferWriter<byte>(text.Length + 16);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
            writer.WriteStringValue(text);

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    public static JsonElement ToElement(IEnumerable<KeyValuePair<string, string>> values)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in values)
                if (seen.Add(name))
                    writer.WriteString(name, value);

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <exception cref="TemplateException">A string in it holds half a surrogate pair: the node could not be written.</exception>
    public static JsonNode? ToNode(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array when !JsonMembers.IsText(element) => throw NoText(),
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => JsonValue.Create(element),
    };

    /// <summary>The element as text: strings as they are, numbers with their own digits, the rest as JSON. <see langword="null"/> for null and undefined.</summary>
    /// <exception cref="TemplateException">A string holds half a surrogate pair, which no text can.</exception>
    public static string? ToText(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => StringOf(element),
        JsonValueKind.Number => element.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Object or JsonValueKind.Array => Compact(element),
        _ => null,
    };

    private static string StringOf(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NoText();
        }
    }

    private static TemplateException NoText() => new("A text contains an incomplete Unicode character.");
}
