using System.Buffers;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>The body of an operation's requests, compiled.</summary>
internal sealed class RestBody
{
    private readonly BodyManifest manifest;
    private readonly Template? template;
    private readonly JsonElement? templateSource;
    private readonly IReadOnlySet<string> used;
    private readonly string? keyField;
    private readonly bool streams;

    /// <param name="manifest">The kind and its settings.</param>
    /// <param name="used">Parameters that stand in path, query or headers; the rest are the body when there is no template.</param>
    /// <param name="keyField">The top-level field that carries the idempotency key.</param>
    /// <param name="streams">Whether the operation takes a content stream.</param>
    /// <param name="pointer">Where it stands in the manifest.</param>
    public RestBody(BodyManifest manifest, IReadOnlySet<string> used, string? keyField, bool streams, string pointer)
    {
        this.manifest = manifest;
        this.used = used;
        this.keyField = keyField;
        this.streams = streams;
        templateSource = manifest.Template;
        template = manifest.Template is { } source ? RestTemplates.Compile(source, $"{pointer}/template") : null;
        if (manifest.Kind == BodyKind.Graphql && string.IsNullOrWhiteSpace(manifest.Query))
            throw new InvalidOperationException($"{pointer}: a graphql body needs its document in \"query\".");

        if (manifest.Kind == BodyKind.Ndjson && template is null)
            throw new InvalidOperationException($"{pointer}: an ndjson body needs a \"template\" that yields an array.");

        if (manifest.Kind == BodyKind.Raw && template is null && !streams)
            throw new InvalidOperationException($"{pointer}: a raw body needs a \"template\", or an operation with \"stream\": {{ \"request\": true }}.");

        if (keyField is not null && manifest.Kind is BodyKind.None or BodyKind.Raw or BodyKind.Ndjson)
            throw new InvalidOperationException($"{pointer}: this kind of body cannot carry the idempotency key.");
    }

    public HttpContent? Build(RestCall call) => manifest.Kind switch
    {
        BodyKind.None => null,
        BodyKind.Json => Json(call),
        BodyKind.Form => Bytes(Encoding.ASCII.GetBytes(RestParameters.Encode(Fields(call))), "application/x-www-form-urlencoded"),
        BodyKind.Multipart => RestMultipart.Build(manifest, template is null ? Members(call) : RestMultipart.Parts(Value(call)), template is not null, streams ? call.Request.Content : null),
        BodyKind.Graphql => Graphql(call),
        BodyKind.Ndjson => Ndjson(call),
        _ => Raw(call),
    };

    private ByteArrayContent? Json(RestCall call)
    {
        if (template is not null && keyField is null)
            return template.TryRender(call.Scope, out var node) ? Bytes(JsonText.Utf8(node), "application/json") : null;

        return Bytes(WriteObject(Members(call)), "application/json");
    }

    private ByteArrayContent Graphql(RestCall call)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteString("query", manifest.Query);
            writer.WritePropertyName("variables");
            WriteObject(writer, Members(call));
            writer.WriteEndObject();
        }

        return Bytes(buffer.WrittenSpan.ToArray(), "application/json");
    }

    private ByteArrayContent Ndjson(RestCall call)
    {
        var value = Value(call);
        if (value.ValueKind != JsonValueKind.Array)
            throw RestRequestException.InvalidParams("The body must be an array: each element becomes one line.");

        var buffer = new ArrayBufferWriter<byte>(4096);
        foreach (var line in value.EnumerateArray())
        {
            using (var writer = new Utf8JsonWriter(buffer, JsonText.Relaxed))
                line.WriteTo(writer);

            // The last line ends too: bulk endpoints insist on it.
            buffer.Write("\n"u8);
        }

        return Bytes(buffer.WrittenSpan.ToArray(), "application/x-ndjson");
    }

    private HttpContent? Raw(RestCall call)
    {
        if (template is not null)
            return template.RenderText(call.Scope) is { } text
                ? Bytes(Encoding.UTF8.GetBytes(text), templateSource?.ValueKind == JsonValueKind.String ? "text/plain; charset=utf-8" : "application/json")
                : null;

        return new RestUpload(
            call.Request.Content ?? throw RestRequestException.InvalidParams("The operation needs a content stream."),
            manifest.ContentType);
    }

    private List<KeyValuePair<string, string>> Fields(RestCall call)
    {
        var pairs = new List<KeyValuePair<string, string>>();

        // An empty value is how forms say "nothing": providers clear a field with it.
        foreach (var (name, value) in Members(call))
            RestParameters.Flatten(name, value, manifest.ArrayFormat, nullText: "", pairs);

        return pairs;
    }

    /// <summary>The body's top-level members, the idempotency key among them.</summary>
    private List<KeyValuePair<string, JsonElement>> Members(RestCall call)
    {
        List<KeyValuePair<string, JsonElement>> members;
        if (template is null)
        {
            members = [.. RestParameters.Except(call.Parameters, used).Select(property => KeyValuePair.Create(property.Name, property.Value))];
        }
        else
        {
            var value = Value(call);
            members = value.ValueKind switch
            {
                JsonValueKind.Object => [.. value.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value))],
                JsonValueKind.Undefined or JsonValueKind.Null => [],
                _ => throw RestRequestException.InvalidParams("The body must be an object."),
            };
        }

        if (keyField is not null && call.Request.IdempotencyKey is { } key)
        {
            members.RemoveAll(member => member.Key == keyField);
            members.Add(new(keyField, JsonText.ToElement(key)));
        }

        return members;
    }

    private JsonElement Value(RestCall call) => template!.TryRender(call.Scope, out var node) ? JsonText.ToElement(node) : default;

    private ByteArrayContent Bytes(byte[] bytes, string mediaType)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.TryAddWithoutValidation("Content-Type", manifest.ContentType ?? mediaType);
        return content;
    }

    private static byte[] WriteObject(List<KeyValuePair<string, JsonElement>> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.Relaxed))
            WriteObject(writer, members);

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteObject(Utf8JsonWriter writer, List<KeyValuePair<string, JsonElement>> members)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in members)
        {
            writer.WritePropertyName(name);
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
