using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary><c>multipart/form-data</c> (RFC 7578) as browsers write it: UTF-8 names, no <c>filename*</c>, an unquoted boundary. Many servers accept nothing else.</summary>
internal static class RestMultipart
{
    /// <param name="manifest">The body's settings.</param>
    /// <param name="members">Fields by name.</param>
    /// <param name="namesFiles">Whether an object <c>{ "filename", "contentType", "content" | "base64" }</c> is a file: so in templates, never in bare parameters.</param>
    /// <param name="stream">The content stream, sent as the part that the manifest names.</param>
    public static MultipartFormDataContent Build(
        BodyManifest manifest, IReadOnlyList<KeyValuePair<string, JsonElement>> members, bool namesFiles, OperationContent? stream)
    {
        var boundary = "hub-" + Guid.NewGuid().ToString("N");
        var form = new MultipartFormDataContent(boundary) { HeaderEncodingSelector = static (_, _) => Encoding.UTF8 };
        form.Headers.Remove("Content-Type");
        form.Headers.TryAddWithoutValidation("Content-Type", $"{manifest.ContentType ?? "multipart/form-data"}; boundary={boundary}");

        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var (name, value) in members)
        {
            if (namesFiles && AsFile(name, value) is { } file)
            {
                form.Add(file);
                continue;
            }

            pairs.Clear();
            RestParameters.Flatten(name, value, manifest.ArrayFormat, nullText: null, pairs);
            foreach (var (field, text) in pairs)
                form.Add(Part(new ByteArrayContent(Encoding.UTF8.GetBytes(text)), field, fileName: null));
        }

        if (stream is not null)
            form.Add(Part(new RestUpload(stream, mediaType: null), manifest.FilePart, stream.FileName ?? manifest.FilePart));

        return form;
    }

    public static IReadOnlyList<KeyValuePair<string, JsonElement>> Parts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => [.. value.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value))],
        JsonValueKind.Undefined or JsonValueKind.Null => [],
        _ => throw RestRequestException.InvalidParams("The body must be an object."),
    };

    private static HttpContent? AsFile(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("filename", out var fileName))
            return null;

        byte[] bytes;
        if (value.TryGetProperty("base64", out var base64))
        {
            if (base64.ValueKind != JsonValueKind.String || !base64.TryGetBytesFromBase64(out bytes!))
                throw RestRequestException.InvalidParams($"The content of the file \"{name}\" is not Base64.");
        }
        else if (value.TryGetProperty("content", out var content))
        {
            bytes = Encoding.UTF8.GetBytes(JsonText.ToText(content) ?? "");
        }
        else
        {
            return null;
        }

        var part = Part(new ByteArrayContent(bytes), name, JsonText.ToText(fileName));
        var mediaType = value.TryGetProperty("contentType", out var type) ? JsonText.ToText(type) : null;
        part.Headers.TryAddWithoutValidation("Content-Type", RestHeaders.Checked("Content-Type", mediaType ?? "application/octet-stream"));
        return part;
    }

    private static HttpContent Part(HttpContent content, string name, string? fileName)
    {
        var disposition = $"form-data; name=\"{Escape(name)}\"";
        if (fileName is not null)
            disposition += $"; filename=\"{Escape(fileName[(fileName.LastIndexOfAny(['/', '\\']) + 1)..])}\"";

        content.Headers.TryAddWithoutValidation("Content-Disposition", disposition);
        return content;
    }

    /// <summary>As the HTML standard escapes names in multipart forms.</summary>
    private static string Escape(string text) =>
        new StringBuilder(text).Replace("\r", "%0D").Replace("\n", "%0A").Replace("\"", "%22").Replace("\0", "").ToString();
}
