using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace IntegrationHub.Webhooks;

/// <summary>How often a named part of a request occurs.</summary>
internal enum Occurrence
{
    None,
    One,
    Many,
}

/// <summary>One request, with its query, form and JSON read at most once and only when a rule asks. Lives for one call; not thread-safe.</summary>
internal sealed class RequestParts(WebhookRequest request) : IDisposable
{
    // Deeper nesting has no use in an event; 64 is also what the reader allows by default.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    private List<KeyValuePair<string, string>>? query;
    private List<KeyValuePair<string, string>>? form;
    private JsonDocument? document;
    private string? unreadable;
    private bool read;
    private JsonElement element;

    public WebhookRequest Request { get; } = request;

    /// <summary>Whether the body claims to be a form.</summary>
    public bool IsForm =>
        Header("Content-Type", out var type) == Occurrence.One
        && type.AsSpan().Trim().StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);

    /// <summary>The body without a byte order mark.</summary>
    public ReadOnlyMemory<byte> Json => Request.Body.Span.StartsWith("\uFEFF"u8) ? Request.Body[3..] : Request.Body;

    /// <summary>The form's pairs; <see langword="null"/> when there are too many.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Form => form ??= FormPairs.Read(Request.Body.Span);

    public Occurrence Header(string name, out string value)
    {
        value = "";
        if (!Request.Headers.TryGetValue(name, out var values) || values is null || values.Count == 0)
            return Occurrence.None;

        value = values[0] ?? "";
        return values.Count == 1 ? Occurrence.One : Occurrence.Many;
    }

    public Occurrence Query(string name, out string value)
    {
        value = "";
        if (Request.QueryString.Length == 0)
            return Occurrence.None;

        query ??= FormPairs.ReadQuery(Request.QueryString) ?? [];
        var found = Occurrence.None;
        foreach (var pair in query)
        {
            if (pair.Key != name)
                continue;
            if (found == Occurrence.One)
                return Occurrence.Many;

            value = pair.Value;
            found = Occurrence.One;
        }

        return found;
    }

    /// <summary>The text of a value in the body, or in the element that is looked at; <see langword="null"/> when there is none.</summary>
    public string? Pointer(BodyPointer pointer) =>
        (element.ValueKind != JsonValueKind.Undefined ? pointer.TryFind(element, out var value) : TryGetDocument(out var root, out _) && pointer.TryFind(root, out value)) ? Text(value) : null;

    /// <summary>Makes pointers go into an element of the body instead of its root; the default value ends that.</summary>
    public void LookAt(JsonElement part) => element = part;

    /// <summary>The element that is looked at, or the whole body; fails when it is no JSON.</summary>
    public bool TryGetWhole(out JsonElement whole)
    {
        whole = element;
        return whole.ValueKind != JsonValueKind.Undefined || TryGetDocument(out whole, out _);
    }

    /// <summary>The body as JSON: parsed, or a form (or the query of a GET without a body) as an object of strings.</summary>
    public bool TryGetDocument(out JsonElement root, out string problem)
    {
        if (!read)
        {
            read = true;
            unreadable = Parse();
        }

        root = document?.RootElement ?? default;
        problem = unreadable ?? "";
        return document is not null;
    }

    public void Dispose() => document?.Dispose();

    /// <summary>A JSON value as text: strings unquoted, <c>null</c> and unreadable strings as nothing, everything else as it stands.</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Null or JsonValueKind.Undefined => null,
                _ => value.GetRawText(),
            };
        }
        catch (InvalidOperationException)
        {
            return null; // an escaped lone surrogate: no text in any encoding
        }
    }

    private string? Parse()
    {
        if (Request.Body.IsEmpty && Request.Method == "GET")
            return ParsePairs(FormPairs.ReadQuery(Request.QueryString), "query");
        if (IsForm)
            return Request.Body.IsEmpty ? "The form is empty." : ParsePairs(Form, "form");

        var json = Json;
        if (json.IsEmpty)
            return "The body is empty.";
        if (!Utf8.IsValid(json.Span))
            return "The body is not valid UTF-8.";

        try
        {
            document = JsonDocument.Parse(json, Options);
            return null;
        }
        catch (JsonException exception)
        {
            // The message may quote the body; the position says enough.
            return $"The body is not JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}).";
        }
    }

    private string? ParsePairs(IReadOnlyList<KeyValuePair<string, string>>? pairs, string what)
    {
        if (pairs is null)
            return $"The {what} has more than {FormPairs.MaxPairs} fields.";

        var buffer = new ArrayBufferWriter<byte>(Request.Body.Length + 256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var field in pairs.GroupBy(pair => pair.Key, pair => pair.Value))
            {
                writer.WritePropertyName(field.Key);
                var values = field.ToList();
                if (values.Count > 1)
                    writer.WriteStartArray();
                foreach (var value in values)
                    writer.WriteStringValue(value);
                if (values.Count > 1)
                    writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        document = JsonDocument.Parse(buffer.WrittenMemory, Options);
        return null;
    }
}
