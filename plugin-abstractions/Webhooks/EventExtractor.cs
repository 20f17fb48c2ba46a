using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Webhooks;

/// <summary>Reads events out of requests. Immutable and thread-safe.</summary>
internal sealed class EventExtractor
{
    /// <summary>More events than this in one request are no batch any provider sends.</summary>
    private const int MaxEvents = 10_000;

    private const int MaxId = 256;
    private const int MaxType = 128;
    private const int MaxSubject = 1024;

    private static readonly JsonElement Nothing = JsonElement.Parse("{}");

    private readonly RequestTemplate[] id;
    private readonly RequestTemplate[] type;
    private readonly RequestTemplate[] time;
    private readonly RequestTemplate[] subject;
    private readonly BodyPointer? batch;
    private readonly BodyPointer? data;
    private readonly bool readsNoBody;

    /// <exception cref="ArgumentException">A rule is faulty.</exception>
    public EventExtractor(EventManifest rules)
    {
        id = Compile(rules.Id, "event.id");
        type = Compile(rules.Type, "event.type");
        time = Compile(rules.Time, "event.time");
        subject = Compile(rules.Subject, "event.subject");
        batch = rules.Batch is null ? null : BodyPointer.Compile(rules.Batch);
        data = rules.Data is null ? null : BodyPointer.Compile(rules.Data);
        readsNoBody = batch is null && data is null && id.Length > 0 && id.All(static rule => (rule.Parts & Part.Pointer) == 0);
    }

    public ExtractionResult Extract(RequestParts request)
    {
        // Some providers say everything in headers (Google's channels): where the id needs no body, none is an empty object.
        if (readsNoBody && request.Request.Body.IsEmpty && request.Request.Method == "POST" && First(id, request, Nothing) is not null)
            return new ExtractionResult { Events = [Read(request, Nothing, isRoot: false)] };

        if (!request.TryGetDocument(out var root, out var problem))
            return new ExtractionResult { Malformed = problem };
        if (batch is null)
            return new ExtractionResult { Events = [Read(request, root, isRoot: true)] };

        IEnumerable<JsonElement> elements;
        if (batch.Segments.Contains("*"))
            elements = batch.FindAll(root).SelectMany(found => found.ValueKind == JsonValueKind.Array ? found.EnumerateArray() : Enumerable.Repeat(found, 1));
        else if (batch.TryFind(root, out var array) && array.ValueKind == JsonValueKind.Array)
            elements = array.EnumerateArray();
        else
            return new ExtractionResult { Malformed = batch.Text.Length == 0 ? "The body is no array of events." : $"There is no array of events at {batch.Text}." };

        var events = new List<ExtractedEvent>();
        foreach (var element in elements)
        {
            if (events.Count == MaxEvents)
                return new ExtractionResult { Malformed = $"The body has more than {MaxEvents} events." };
            events.Add(Read(request, element, isRoot: false));
        }

        return new ExtractionResult { Events = events };
    }

    private ExtractedEvent Read(RequestParts request, JsonElement element, bool isRoot)
    {
        // A form is its own raw element: its JSON is made here and could be made otherwise tomorrow.
        var raw = isRoot && request.IsForm ? request.Request.Body : Bytes(request, element);
        var receivedAt = request.Request.ReceivedAt;
        return new ExtractedEvent
        {
            ProviderEventId = Id(First(id, request, element), raw.Span),
            Type = Type(First(type, request, element)),
            Time = time.Length > 0 && First(time, request, element) is { } text && EventTime.TryRead(text, receivedAt, out var moment) ? moment : receivedAt,
            Subject = First(subject, request, element) is { } about ? Start(about, MaxSubject) : null,
            Data = data is not null && data.TryFind(element, out var part) ? Bytes(request, part)
                : isRoot && request.IsForm ? Bytes(request, element)
                : raw,
        };
    }

    /// <summary>The element's own bytes: a slice of the request's body wherever they lie in it.</summary>
    private static ReadOnlyMemory<byte> Bytes(RequestParts request, JsonElement element)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        var body = request.Request.Body;
        return body.Span.Overlaps(raw, out var offset) ? body.Slice(offset, raw.Length) : raw.ToArray();
    }

    private static string? First(RequestTemplate[] templates, RequestParts request, JsonElement element)
    {
        foreach (var template in templates)
        {
            if (template.Render(new PartValues { Request = request, Element = element }) is { } text && !string.IsNullOrWhiteSpace(text) && JsonMembers.IsText(text))
                return text;
        }

        return null;
    }

    /// <summary>The start of a text, never with half a character at its end.</summary>
    private static string Start(string text, int length)
    {
        if (text.Length <= length)
            return text;

        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    private static string Id(string? text, ReadOnlySpan<byte> raw)
    {
        if (text is null)
            return "sha256:" + BodyHashRule.Sha256Hex(raw);

        return text.Length <= MaxId && !text.Any(char.IsControl) ? text : "sha256:" + BodyHashRule.Sha256Hex(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Types become a part of CloudEvents types and of subscription patterns, where only these characters are safe.</summary>
    private static string Type(string? text)
    {
        if (text is null)
            return "unknown";

        return string.Create(Math.Min(text.Length, MaxType), text, static (type, source) =>
        {
            for (var i = 0; i < type.Length; i++)
                type[i] = char.IsAsciiLetterOrDigit(source[i]) || source[i] is '.' or '_' or '-' ? source[i] : '_';
        });
    }

    private static RequestTemplate[] Compile(IReadOnlyList<string> rules, string where) =>
        [.. rules.Select(rule => RequestTemplate.Compile(rule.StartsWith('/') ? $"{{{rule}}}" : rule, Part.Content, where))];
}
