using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// A compiled transformation: a template over the envelope, and the media type of what it makes. <c>{event.data.amount}</c> and <c>{/data/amount}</c> both name a field.
/// Immutable and thread-safe.
/// </summary>
internal sealed class EventTransform
{
    public const int MaxBytes = 64 * 1024;
    public const int MaxDepth = 32;

    /// <summary>The most that may be made of one event.</summary>
    public const int MaxOutput = 1024 * 1024;

    /// <summary>Fields of the event that are looked up for one event; within lists, for each of the elements.</summary>
    public const int MaxPlaceholders = 50_000;

    /// <summary>Texts of the items of lists, times elements of lists in the event.</summary>
    public const int MaxItems = 500_000;

    /// <summary>Bytes of memory that filling a template may take altogether: a few placeholders that each copy a long list, for each element of another, take more than anything that is sent.</summary>
    public const long MaxMemory = 128 * 1024 * 1024;

    /// <summary>How many elements of a list may be named by their place within the items of another.</summary>
    private const int NearElements = 100;

    private const string EventRoot = "event";
    private const string ItemRoot = "item";
    private const string JsonType = "application/json; charset=utf-8";
    private const string TextType = "text/plain; charset=utf-8";

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 2048 };
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly JsonElement source;
    private readonly Template template;
    private readonly string? contentType;
    private readonly int itemTexts;

    private EventTransform(JsonElement source, Template template, string? contentType)
    {
        this.source = source;
        this.template = template;
        this.contentType = contentType;
        itemTexts = ItemTexts(source, within: false);
    }

    public static bool TryCompile(JsonElement transform, [NotNullWhen(true)] out EventTransform? compiled, out IReadOnlyList<ValidationIssue> issues)
    {
        var found = new List<ValidationIssue>();
        (compiled, issues) = (null, found);
        if (transform.ValueKind != JsonValueKind.Object || !transform.TryGetProperty("template", out var source) || source.ValueKind == JsonValueKind.Null)
        {
            found.Add(new("/transform/template", "The template is missing.", "{ \"template\": { \"amount\": \"{event.data.amount}\" } }, for instance."));
            return false;
        }

        foreach (var member in transform.EnumerateObject().Where(member => member.Name is not ("template" or "contentType")))
            found.Add(new($"/transform/{RequestBody.Escape(member.Name)}", $"There is no member '{member.Name}' here.", Suggestion.For(member.Name, ["template", "contentType"])));

        var contentType = transform.TryGetProperty("contentType", out var type) && type.ValueKind != JsonValueKind.Null ? type : (JsonElement?)null;
        if (contentType is { } given && !(given.ValueKind == JsonValueKind.String && given.GetString() is { Length: <= 256 } text && text.All(char.IsAscii) && MediaTypeHeaderValue.TryParse(text, out _)))
            found.Add(new("/transform/contentType", "This is no media type.", "'application/json', 'text/plain; charset=utf-8' or 'application/x-www-form-urlencoded', for instance."));

        if (Encoding.UTF8.GetByteCount(source.GetRawText()) > MaxBytes)
            found.Add(new("/transform/template", $"The template is longer than {MaxBytes / 1024} KB."));
        else
            Check(source, "/transform/template", 1, null, found);

        if (found.Count == 0)
            compiled = new EventTransform(source, Template.Compile(source), contentType?.GetString());
        return compiled is not null;
    }

    /// <summary>What is sent instead of the event.</summary>
    /// <param name="envelope">The event as CloudEvents JSON.</param>
    /// <exception cref="TransformException">The template cannot be filled from this event.</exception>
    public SentPayload Apply(ReadOnlyMemory<byte> envelope)
    {
        using var document = Parse(envelope);
        if (itemTexts > 0 && (long)Elements(document.RootElement) * itemTexts > MaxItems)
            throw new TransformException("/transform/template: the event's lists are too long for what the template makes of each element.");

        var scope = new CountingScope(document.RootElement);
        try
        {
            if (!template.TryRender(scope, out var node))
                throw new TransformException($"{Locate(source, "/transform/template", scope) ?? "/transform/template"}: the event lacks a value that the template needs.");

            return Write(node);
        }
        catch (TemplateException exception)
        {
            throw new TransformException($"{Locate(source, "/transform/template", scope) ?? "/transform/template"}: {exception.Message}");
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            throw new TransformException("/transform/template: the event has a text that is not valid Unicode.");
        }
    }

    private SentPayload Write(JsonNode? node)
    {
        if (node is JsonValue value && value.TryGetValue<string>(out var text))
        {
            try
            {
                return Limited(Strict.GetBytes(text), contentType ?? TextType);
            }
            catch (EncoderFallbackException)
            {
                throw new TransformException("/transform/template: the text it makes is not valid Unicode.");
            }
        }

        var buffer = new LimitedBuffer();
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            if (node is null)
                writer.WriteNullValue();
            else
                node.WriteTo(writer);
        }

        return Limited(buffer.ToArray(), contentType ?? JsonType);
    }

    private static SentPayload Limited(byte[] body, string contentType) => body.Length <= MaxOutput
        ? new SentPayload(body, contentType)
        : throw new TransformException($"/transform/template: it makes {body.Length / 1024} KB of this event, more than the {MaxOutput / 1024} KB that are sent.");

    /// <summary>Ends the writing of what is longer than may be sent: a list within each element of another is written out only here.</summary>
    private sealed class LimitedBuffer : IBufferWriter<byte>
    {
        private readonly ArrayBufferWriter<byte> written = new(1024);

        public void Advance(int count)
        {
            // Before anything is counted: the writer flushes what it has once more when it is disposed.
            if (written.WrittenCount + count > MaxOutput)
                throw new TransformException($"/transform/template: it makes more of this event than the {MaxOutput / 1024} KB that are sent.");

            written.Advance(count);
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => written.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => written.GetSpan(sizeHint);

        public byte[] ToArray() => written.WrittenSpan.ToArray();
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> envelope)
    {
        try
        {
            return JsonDocument.Parse(envelope, new JsonDocumentOptions { MaxDepth = 1024 });
        }
        catch (JsonException)
        {
            throw new TransformException("/transform: the event is nested too deeply for a template.");
        }
    }

    /// <summary>Compiles each text by itself, so that a fault is told with its place. <paramref name="item"/> is the list whose elements the template is about, if it is.</summary>
    private static void Check(JsonElement template, string pointer, int depth, string? item, List<ValidationIssue> found)
    {
        if (depth > MaxDepth)
        {
            found.Add(new(pointer, $"The template is nested deeper than {MaxDepth}."));
            return;
        }

        switch (template.ValueKind)
        {
            case JsonValueKind.Object when IsEach(template, out var list, out var each):
                CheckText(list, pointer + "/$each", item, found);

                // Lists in lists must be parts of their elements, or the work would grow with the square of the event.
                if (item is not null && list.ValueKind == JsonValueKind.String && Roots(list).Any(root => root.Root != ItemRoot))
                    found.Add(new(pointer + "/$each", "A list within a list must come from its element.", "Begin with 'item': \"{item.lines}\"."));
                Check(each, pointer + "/$item", depth + 1, pointer, found);
                break;

            case JsonValueKind.Object:
                foreach (var member in template.EnumerateObject())
                    Check(member.Value, $"{pointer}/{RequestBody.Escape(member.Name)}", depth + 1, item, found);
                break;

            case JsonValueKind.Array:
                var index = 0;
                foreach (var element in template.EnumerateArray())
                    Check(element, $"{pointer}/{index++}", depth + 1, item, found);
                break;

            case JsonValueKind.String:
                CheckText(template, pointer, item, found);
                break;
        }
    }

    private static void CheckText(JsonElement text, string pointer, string? item, List<ValidationIssue> found)
    {
        try
        {
            foreach (var (root, path) in Template.Compile(text).References)
            {
                if (root is not ("" or EventRoot) && !(root == ItemRoot && item is not null))
                    found.Add(new(pointer, $"There is no '{root}' here.", "Fields of the event are written {event.data.amount}, or {/data/amount}; elements of a list, within '$item', {item.name}."));
                else if (root == "" && path.Length > 1 && EventPath.TryParse(path, out var error) is null)
                    found.Add(new(pointer, error!.Message, error.Hint));
                else if (root == EventRoot && path.Length > 0 && EventPath.TryParse("/" + path.Split('.')[0], out var unknown) is null)
                    found.Add(new(pointer, unknown!.Message, "The payload is below 'data': {event.data.amount}."));
                else if (item is not null && root is "" or EventRoot && path is "" or "/" or "data" or "/data")
                    found.Add(new(pointer, "The whole event, or all of its data, cannot be repeated for each element of a list."));
                else if (item is not null && root is "" or EventRoot && path.Split('.', '/').Any(IsFarIndex))
                    found.Add(new(
                        pointer,
                        "An element far into a list, or counted from its end, cannot be looked for again for each element of a list.",
                        $"Elements 0 to {NearElements - 1} can; so can those of the element itself: {{item.lines.-1}}."));
            }
        }
        catch (TemplateException exception)
        {
            found.Add(new(pointer, exception.Message, "docs/templates.md has the language."));
        }
    }

    /// <summary>Elements are found by counting from the first, so that this would take the square of the list.</summary>
    private static bool IsFarIndex(string segment) =>
        int.TryParse(segment, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) && index is < 0 or >= NearElements;

    private static IReadOnlyList<(string Root, string Path)> Roots(JsonElement text)
    {
        try
        {
            return Template.Compile(text).References;
        }
        catch (TemplateException)
        {
            return [];
        }
    }

    /// <summary>How many strings and constants stand in the items of lists.</summary>
    private static int ItemTexts(JsonElement template, bool within) => template.ValueKind switch
    {
        JsonValueKind.Object when IsEach(template, out _, out var each) => ItemTexts(each, within: true),
        JsonValueKind.Object => template.EnumerateObject().Sum(member => ItemTexts(member.Value, within)),
        JsonValueKind.Array => template.EnumerateArray().Sum(element => ItemTexts(element, within)),
        _ => within ? 1 : 0,
    };

    /// <summary>How many elements all arrays have together.</summary>
    private static int Elements(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Sum(member => Elements(member.Value)),
        JsonValueKind.Array => value.GetArrayLength() + value.EnumerateArray().Sum(Elements),
        _ => 0,
    };

    private static bool IsEach(JsonElement template, out JsonElement list, out JsonElement each)
    {
        each = default;
        return template.TryGetProperty("$each", out list) && template.TryGetProperty("$item", out each) && template.EnumerateObject().Count() == 2;
    }

    /// <summary>Where a template fails: each text is tried by itself. Slow, and only for failures.</summary>
    private static string? Locate(JsonElement template, string pointer, CountingScope scope)
    {
        scope.Reset();
        switch (template.ValueKind)
        {
            case JsonValueKind.Object when IsEach(template, out _, out _):
                return Fails(template, scope) ? pointer : null;
            case JsonValueKind.Object:
                return template.EnumerateObject().Select(member => Locate(member.Value, $"{pointer}/{RequestBody.Escape(member.Name)}", scope)).FirstOrDefault(place => place is not null);
            case JsonValueKind.Array:
                return template.EnumerateArray().Select((element, index) => Locate(element, $"{pointer}/{index}", scope)).FirstOrDefault(place => place is not null);
            default:
                return template.ValueKind == JsonValueKind.String && Fails(template, scope) ? pointer : null;
        }
    }

    private static bool Fails(JsonElement template, CountingScope scope)
    {
        try
        {
            Template.Compile(template).TryRender(scope, out _);
            return false;
        }
        catch (TemplateException)
        {
            return true;
        }
    }

    /// <summary>The event, under its name and for pointers. It stops a template that asks for too much.</summary>
    private sealed class CountingScope(JsonElement envelope) : ITemplateScope
    {
        private long begun = GC.GetAllocatedBytesForCurrentThread();
        private bool locates;
        private int asked;

        /// <summary>Before each of the texts that are tried by themselves; all of them together have as much memory as the whole had.</summary>
        public void Reset()
        {
            asked = 0;
            if (!locates)
                begun = GC.GetAllocatedBytesForCurrentThread();
            locates = true;
        }

        public bool TryGetRoot(string name, out JsonElement value)
        {
            if (++asked > MaxPlaceholders)
                throw new TemplateException($"The template would fill more than {MaxPlaceholders} placeholders for this event.");

            // Filling is done by one thread, start to end.
            if (GC.GetAllocatedBytesForCurrentThread() - begun > MaxMemory)
                throw new TemplateException("The template copies too much of this event: lists for each element of another list, or long values many times.");

            value = envelope;
            return name is "" or EventRoot;
        }
    }
}

/// <summary>What is sent to a target.</summary>
internal sealed record SentPayload(byte[] Body, string ContentType);

/// <summary>A transformation cannot be made of an event: trying again would fail again. The message begins with where, and never contains a value.</summary>
internal sealed class TransformException(string message) : Exception(message);
